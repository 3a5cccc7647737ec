import Files
public import Foundation

/// `training.jsonl`: one line of JSON per step, for people, spreadsheets and plots.
public final class TrainingLog {
    /// The file.
    public let url: URL
    /// The readings of the run that goes on.
    let keptReadings: [LearningReading]
    /// Its steps.
    let keptSteps: [StepRecord]
    private let encoder = JSONEncoder()
    private let descriptor: Int32

    private struct Skipped: Codable {
        let step: Int
        let skipped: String
    }

    private struct Counted: Decodable {
        let step: Int
    }

    /// Opens the log for a run that goes on after `step` steps: what an earlier run wrote beyond
    /// that is taken away, at 0 all of it.
    public init(_ url: URL, keepingSteps step: Int) throws {
        self.url = url
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var kept = Data()
        var readings: [LearningReading] = []
        var steps: [StepRecord] = []
        if step > 0, FileManager.default.fileExists(atPath: url.path) {
            let decoder = JSONDecoder()
            for line in try WholeFile.read(url).split(separator: UInt8(ascii: "\n")) {
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
        try AtomicFile.write(kept, to: url)
        descriptor = open(url.path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(.write, url, errorNumber: errno) }
    }

    deinit { close(descriptor) }

    func append(_ record: StepRecord) throws { try append(line: encoder.encode(record)) }

    func append(_ reading: LearningReading) throws { try append(line: encoder.encode(reading)) }

    func append(skipped step: Int, reason: String) throws {
        try append(line: encoder.encode(Skipped(step: step, skipped: reason)))
    }

    private func append(line: Data) throws {
        var bytes = line
        bytes.append(UInt8(ascii: "\n"))
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count != bytes.count {
            throw FileError(.write, url, errorNumber: count < 0 ? errno : ENOSPC)
        }
    }
}
