package import Evaluation
import Files
public import Foundation

/// `training.jsonl`: one line of JSON per step, for people, spreadsheets and plots.
///
/// A run is worth more than its log: a line that cannot be written is left out, and that is told
/// once.
public final class TrainingLog {
    /// The file.
    public let url: URL
    /// The readings of the run that goes on.
    package let keptReadings: [LearningReading]
    /// Its steps.
    package let keptSteps: [StepRecord]
    private let encoder = JSONEncoder()
    private let descriptor: Int32
    private let notify: (String) -> Void
    private var length: Int
    private var hasTold = false

    private struct Skipped: Codable {
        let step: Int
        let skipped: String
    }

    private struct Counted: Decodable {
        let step: Int
    }

    /// Opens the log for a run that goes on after `step` steps: what an earlier run wrote beyond
    /// that is taken away, at 0 all of it.
    ///
    /// - Parameters:
    ///   - earlier: the log of the run that goes on; nil: this one.
    ///   - notify: takes a sentence when lines cannot be written.
    public init(
        _ url: URL, keepingSteps step: Int, of earlier: URL? = nil,
        notify: @escaping (String) -> Void = { _ in }
    ) throws {
        self.url = url
        self.notify = notify
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var kept = Data()
        var readings: [LearningReading] = []
        var steps: [StepRecord] = []
        let earlier = earlier ?? url
        if step > 0, FileManager.default.fileExists(atPath: earlier.path) {
            let decoder = JSONDecoder()
            for line in try WholeFile.read(earlier).split(separator: UInt8(ascii: "\n")) {
                // The last line may be cut short where the process was killed.
                guard let counted = try? decoder.decode(Counted.self, from: Data(line)),
                    counted.step <= step
                else { continue }
                if let reading = try? decoder.decode(LearningReading.self, from: Data(line)) {
                    readings.append(reading)
                } else if let record = try? decoder.decode(StepRecord.self, from: Data(line)) {
                    steps.append(record)
                }
                kept.append(contentsOf: line)
                kept.append(UInt8(ascii: "\n"))
            }
        }
        keptReadings = readings
        keptSteps = steps
        length = kept.count
        try AtomicFile.write(kept, to: url)
        descriptor = open(url.path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(.write, url, errorNumber: errno) }
    }

    deinit { close(descriptor) }

    /// Takes in what is told, as far as it is of steps and readings.
    package func add(_ event: TrainingEvent) {
        switch event {
        case .step(let record, _): append(record)
        case .measured(let reading, _): append(reading)
        case .stepSkipped(let step, let reason): append(Skipped(step: step, skipped: reason))
        default: break
        }
    }

    private func append(_ line: some Encodable) {
        do {
            try write(encoder.encode(line) + Data("\n".utf8))
        } catch {
            if !hasTold { notify("\(url.lastPathComponent) has gaps, the run goes on: \(error)") }
            hasTold = true
        }
    }

    private func write(_ bytes: Data) throws(FileError) {
        let (count, number) = bytes.withUnsafeBytes {
            (Foundation.write(descriptor, $0.baseAddress, $0.count), errno)
        }
        guard count == bytes.count else {
            // Half a line would spoil the next one too.
            ftruncate(descriptor, off_t(length))
            throw FileError(.write, url, errorNumber: count < 0 ? number : ENOSPC)
        }
        length += count
    }
}
