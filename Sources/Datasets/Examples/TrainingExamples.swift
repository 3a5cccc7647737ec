public import Torch

/// Makes the batches of a run from cached latents.
///
/// Draws go example by example, and for each first the instance picture, then the class picture:
/// text (where there are several), view (where there are several), latents, noise, noise offset
/// (where wanted), input perturbation (where wanted), timestep. So the same examples have the same
/// draws, however they are split into batches.
public struct TrainingExamples {
    package let instances: LatentCache
    private let classes: LatentCache?
    private let repeatsAsClass: Bool
    private let timestepCount: Int
    private let offsetNoise: Double
    private let inputPerturbation: Double
    private let texts: RunTexts
    private let classSubjects: [SubjectID]
    private let places: [PhotoID]
    private var order: ExampleOrder
    /// How many sizes the latents have, those of class pictures included.
    package let sizeCount: Int

    /// - Parameters:
    ///   - places: which of the instances are in an epoch, and how often; nil: each once.
    ///   - classes: the class pictures of prior preservation.
    ///   - repeatsAsClass: whether each photo stands among the class rows as well, with noise of
    ///     its own: the pictures of self-distillation.
    ///   - texts: which texts the photos and the classes have.
    ///   - classSubjects: of whose class each class picture is, or with `repeatsAsClass` whose each
    ///     photo is.
    ///   - batchSize: examples in a batch, so that photos of one size can be put together.
    public init(
        instances: LatentCache, places: [PhotoID]? = nil, classes: LatentCache?,
        repeatsAsClass: Bool = false, timestepCount: Int, offsetNoise: Double, texts: RunTexts,
        classSubjects: [SubjectID] = [], inputPerturbation: Double = 0, batchSize: Int = 1,
        seed: UInt64
    ) {
        let classCount = classes?.count ?? (repeatsAsClass ? instances.count : 0)
        precondition(classSubjects.count >= classCount, "a subject for each class picture")
        self.instances = instances
        self.classes = classes
        self.repeatsAsClass = repeatsAsClass
        self.timestepCount = timestepCount
        self.offsetNoise = offsetNoise
        self.inputPerturbation = inputPerturbation
        self.texts = texts
        self.classSubjects = classSubjects
        let places = places ?? instances.ids
        self.places = places
        let count = Self.epochCount(places.count, classes?.count)
        let sizes = (0..<count).map { instances.shape(places[$0 % places.count]) }
        let known = sizes.reduce(into: [[Int]]()) { if !$0.contains($1) { $0.append($1) } }
        let classSizes = classes.map { cache in cache.ids.map(cache.shape) } ?? []
        sizeCount = Set(sizes + classSizes).count
        order = ExampleOrder(
            seed: seed, count: count, groups: sizes.map { known.firstIndex(of: $0) ?? 0 },
            batchSize: batchSize)
    }

    /// The examples of one epoch: the smaller folder is gone through as often as it takes.
    public static func epochCount(_ instanceCount: Int, _ classCount: Int?) -> Int {
        max(instanceCount, classCount ?? 0)
    }

    /// The rows of a range of examples, counted from the run's beginning: one batch for each size
    /// that they have, one altogether where they are of one size.
    ///
    /// - Parameter own: the examples whose rows are wanted, where other processes have the rest;
    ///   all are drawn, and weighed as rows of all. Nil: all of them.
    public mutating func batches(
        _ examples: Range<Int>, own: Range<Int>? = nil, generator: Generator, device: Device
    ) -> [DiffusionBatch] {
        let own = own ?? examples
        var instanceRows: [DiffusionRow] = []
        var classRows: [DiffusionRow] = []
        for position in examples {
            let index = order.index(at: position)
            let photo = places[index % places.count]
            let text = text(of: photo, generator)
            let instanceRow = row(instances, photo, text, isClass: false, generator)
            var ofClass: DiffusionRow?
            if let classes {
                ofClass = classRow(classes, PhotoID(index % classes.count), generator)
            } else if repeatsAsClass {
                ofClass = classRow(instances, photo, generator)
            }
            guard own.contains(position) else { continue }
            instanceRows.append(instanceRow)
            if let ofClass { classRows.append(ofClass) }
        }
        let hasClasses = classes != nil || repeatsAsClass
        return DiffusionBatch.batches(
            instanceRows + classRows, device: device,
            counts: (examples.count, hasClasses ? examples.count : 0))
    }

    private func text(of photo: PhotoID, _ generator: Generator) -> TextID {
        // Drawn only where it is wanted: other runs have the draws that they always had.
        if let dropout = texts.dropout,
            Double(Tensor.rand([1], generator: generator).floats()[0]) < dropout.rate
        {
            return dropout.text
        }
        let choices = texts.choices(of: photo)
        return choices.count > 1
            ? choices[Tensor.randint(0..<choices.count, [1], generator: generator).integers()[0]]
            : choices[0]
    }

    private func classRow(
        _ cache: LatentCache, _ picture: PhotoID, _ generator: Generator
    ) -> DiffusionRow {
        row(
            cache, picture, texts.ofClass(classSubjects[picture.place]), isClass: true, generator)
    }

    private func row(
        _ cache: LatentCache, _ photo: PhotoID, _ text: TextID, isClass: Bool,
        _ generator: Generator
    ) -> DiffusionRow {
        let (latents, weights) = cache.sample(photo, generator: generator)
        var noise = Tensor.randn(latents.shape, generator: generator)
        if offsetNoise > 0 {
            // One number for each channel (crosslabs.org/blog/diffusion-with-offset-noise).
            let offset = Tensor.randn([latents.size(0), 1, 1], generator: generator)
            noise = noise + offset * offsetNoise
        }
        var addedNoise: Tensor?
        if inputPerturbation > 0 {
            // Ning et al. 2023, arXiv 2301.11706, algorithm 1.
            let more = Tensor.randn(latents.shape, generator: generator)
            addedNoise = noise + more * inputPerturbation
        }
        let timestep = Tensor.randint(0..<timestepCount, [1], generator: generator).integers()[0]
        return DiffusionRow(
            latents: latents, noise: noise, addedNoise: addedNoise, timestep: timestep,
            isClass: isClass, text: text,
            // Masks say where the subject is; of the class everything counts.
            weights: isClass ? nil : weights)
    }
}
