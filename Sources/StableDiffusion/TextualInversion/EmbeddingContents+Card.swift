import Foundation
import Torch

extension EmbeddingContents {
    /// More text than this is no embedding: one of 75 vectors, 1024 wide, needs 3 MB.
    private static let maximumTextCount = 1 << 25

    /// - Parameter card: base64 of the JSON object that A1111 puts into pictures.
    init(card: String, file: String) throws(TextualInversionError) {
        guard card.utf8.count <= Self.maximumTextCount else {
            throw .damagedCard(file: file, problem: "it is \(card.utf8.count) bytes long")
        }
        guard let data = Data(base64Encoded: card, options: .ignoreUnknownCharacters),
            !data.isEmpty
        else {
            throw .damagedCard(file: file, problem: "it is not base64")
        }
        let record: CardRecord
        do {
            record = try JSONDecoder().decode(CardRecord.self, from: data)
        } catch {
            throw .damagedCard(
                file: file, problem: "it is no JSON object with the vectors in string_to_param")
        }
        self.file = file
        kind = .a1111Card
        name = record.name
        step = record.step
        baseModelHash = record.checkpointHash
        baseModelName = record.checkpointName
        candidates = []
        for (key, vectors) in record.parameters.sorted(by: { $0.key < $1.key }) {
            let (rows, width) = (vectors.rows, vectors.rows.first?.count ?? 0)
            guard rows.allSatisfy({ $0.count == width }) else {
                throw .damagedCard(file: file, problem: "its vectors are not equally long")
            }
            let shape = [rows.count, width]
            candidates.append(
                Candidate(key: key, shape: shape, dtype: .float32) {
                    Tensor(rows.flatMap { $0 }.map { Float($0) }, shape: shape)
                })
        }
    }
}

/// The JSON of a card; what is beside the vectors may be of any kind, and is then left out.
private struct CardRecord: Decodable {
    let parameters: [String: CardVectors]
    let name: String?
    let step: Int?
    let checkpointHash: String?
    let checkpointName: String?

    private enum CodingKeys: String, CodingKey {
        case parameters = "string_to_param"
        case name
        case step
        case checkpointHash = "sd_checkpoint"
        case checkpointName = "sd_checkpoint_name"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        parameters = try values.decode([String: CardVectors].self, forKey: .parameters)
        name = try? values.decode(String.self, forKey: .name)
        step = try? values.decode(Int.self, forKey: .step)
        checkpointHash = try? values.decode(String.self, forKey: .checkpointHash)
        checkpointName = try? values.decode(String.self, forKey: .checkpointName)
    }
}

/// `{"TORCHTENSOR": …}` with a list of lists, or one list.
private struct CardVectors: Decodable {
    let rows: [[Double]]

    private enum CodingKeys: String, CodingKey {
        case tensor = "TORCHTENSOR"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        if let single = try? values.decode([Double].self, forKey: .tensor) {
            rows = [single]
        } else {
            rows = try values.decode([[Double]].self, forKey: .tensor)
        }
    }
}
