/// All results of a comparison: a row for each method and count of photos.
public struct ComparisonTable: Codable, Sendable, Equatable {
    /// The results of one method over the seeds.
    public struct Row: Codable, Sendable, Equatable {
        /// How it was trained.
        public let method: ComparedMethod
        /// With how many photos.
        public let photoCount: Int
        /// Steps of each training.
        public let stepCount: Int
        /// Towards photos of the subject: 0 as the untrained model, 1 as photos; nil where it could
        /// not be measured.
        public let match: Spread?
        /// To photos of the subject; nil without a CLIP, as are all up to `subjectDiversity`.
        public let likeness: Spread?
        /// To the prompts.
        public let faithfulness: Spread?
        /// Of the class.
        public let drift: Spread?
        /// Of the class to the subject.
        public let nearness: Spread?
        /// Of class pictures.
        public let classDiversity: Spread?
        /// Of pictures of the subject.
        public let subjectDiversity: Spread?
        /// Of what people load.
        public let fileBytes: Spread
        /// Of the whole training.
        public let seconds: Spread
        /// Of the median step.
        public let secondsPerStep: Spread
        /// Of the training process, in bytes.
        public let peakMemory: Spread
        /// Of a GPU, in bytes; nil on a processor.
        public let peakDeviceMemory: Spread?
        /// A share, 0…; nil where no readings were taken.
        public let predictionDrift: Spread?

        init?(_ method: ComparedMethod, _ photoCount: Int, _ results: [ComparedRun]) {
            let costs = results.map(\.cost)
            guard let first = costs.first,
                let fileBytes = Spread(costs.map { Double($0.fileBytes) }),
                let seconds = Spread(costs.map(\.seconds)),
                let secondsPerStep = Spread(costs.map(\.secondsPerStep)),
                let peakMemory = Spread(costs.map { Double($0.peakMemory) })
            else { return nil }
            self.method = method
            self.photoCount = photoCount
            stepCount = first.stepCount
            self.fileBytes = fileBytes
            self.seconds = seconds
            self.secondsPerStep = secondsPerStep
            self.peakMemory = peakMemory
            peakDeviceMemory = Spread(costs.compactMap { $0.peakDeviceMemory.map(Double.init) })
            predictionDrift = Spread(costs.compactMap(\.predictionDrift))
            match = Spread(results.compactMap(\.match))
            let pictures = results.compactMap(\.pictures)
            likeness = Spread(pictures.map(\.likeness))
            faithfulness = Spread(pictures.map(\.faithfulness))
            drift = Spread(pictures.map(\.drift))
            nearness = Spread(pictures.map(\.nearness))
            classDiversity = Spread(pictures.compactMap(\.classDiversity))
            subjectDiversity = Spread(pictures.compactMap(\.subjectDiversity))
        }
    }

    /// What the likeness was measured to.
    public enum Reference: String, Codable, Sendable {
        /// Photos that no training saw.
        case heldOut = "held-out photos"
        /// The photos of training, since there are no others.
        case training = "training photos"
    }

    /// The figures of the model before any training; nil without a CLIP.
    public let untrained: PictureFigures?
    /// Photos of the subject against each other: as near as a picture can be expected to come; nil
    /// without a CLIP, and where there is nothing to compare.
    public let ceiling: Double?
    /// How different two photos are; nil as for the ceiling.
    public let photoDiversity: Double?
    /// What the likeness was measured to.
    public let reference: Reference
    /// The bytes of memory of this machine; nil where they are not known.
    public let machineMemory: Int?
    /// In the order of the methods, then of the counts of photos, the highest first.
    public let rows: [Row]

    /// Groups results by method and count of photos.
    public init(
        _ results: [ComparedRun], untrained: PictureFigures? = nil, ceiling: Double? = nil,
        photoDiversity: Double? = nil, reference: Reference = .heldOut, machineMemory: Int? = nil
    ) {
        self.untrained = untrained
        self.ceiling = ceiling
        self.photoDiversity = photoDiversity
        self.reference = reference
        self.machineMemory = machineMemory
        rows = ComparedMethod.allCases.flatMap { method in
            let ofMethod = results.filter { $0.method == method }
            return Set(ofMethod.map(\.photoCount)).sorted(by: >).compactMap { count in
                Row(method, count, ofMethod.filter { $0.photoCount == count })
            }
        }
    }

    /// The rows of the highest count of photos: those that methods are compared by.
    public var mainRows: [Row] {
        let highest = rows.map(\.photoCount).max()
        return rows.filter { $0.photoCount == highest }
    }

    /// Seeds of the row that has the most.
    public var seedCount: Int { rows.map(\.seconds.count).max() ?? 0 }
}
