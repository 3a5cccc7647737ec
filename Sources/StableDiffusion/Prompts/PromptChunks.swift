/// What the text encoder reads at once: as many tokens as it has places for.
public struct PromptChunk: Sendable, Equatable {
    /// One number for every place, the start and the end included.
    public let ids: [Int]
    /// The row of the joint table of learned vectors at every place, −1 where the token counts.
    public let rows: [Int]
    /// What the vector of every place is multiplied by.
    public let emphasis: [Double]
    /// How many places the text takes.
    public let count: Int

    var prompt: EmbeddedPrompt { EmbeddedPrompt(ids: ids, rows: rows) }
}

/// Cuts a text of any length into chunks.
///
/// Source: the A1111 web UI. A chunk that is full ends behind the last comma where that is near, so
/// that no phrase is torn; vectors of an embedding stay together.
struct PromptChunks {
    /// How far back a comma may be.
    private static let commaReach = 20

    private let encoder: PromptEncoder
    private let comma: Int?
    /// The tokens of embeddings' names, the longest first.
    private let names: [(ids: [Int], number: Int)]

    init(_ encoder: PromptEncoder) {
        self.encoder = encoder
        comma = encoder.tokenizer.id(of: ",</w>")
        names = encoder.embeddings.enumerated()
            .map { (encoder.tokenizer.encodePrompt($1.token), $0) }
            .filter { !$0.0.isEmpty }
            .sorted { $0.0.count > $1.0.count }
    }

    /// Places that a text has in a chunk.
    private var length: Int { encoder.tokenizer.maximumLength - 2 }

    /// The chunks of a text, at least one.
    func chunks(of segments: [PromptSegment]) -> [PromptChunk] {
        var chunks: [PromptChunk] = []
        var open = OpenChunk()
        func close() {
            chunks.append(whole(open))
            open = OpenChunk()
        }
        for segment in segments {
            if segment.isChunkEnd {
                close()
                continue
            }
            let ids = encoder.ids(of: segment.text)
            var place = 0
            while place < ids.count {
                if ids[place] == comma {
                    open.comma = open.places.count
                } else if open.places.count == length, let comma = open.comma,
                    length - comma <= Self.commaReach
                {
                    let moved = Array(open.places[(comma + 1)...])
                    open.places.removeLast(moved.count)
                    close()
                    open.places = moved
                }
                if open.places.count == length { close() }
                guard let name = names.first(where: { ids[place...].starts(with: $0.ids) }) else {
                    open.places.append(Place(id: ids[place], row: -1, emphasis: segment.emphasis))
                    place += 1
                    continue
                }
                let rows = encoder.rows(of: name.number)
                if open.places.count + rows.count > length { close() }
                open.places += rows.map {
                    Place(id: PromptEncoder.placeID, row: $0, emphasis: segment.emphasis)
                }
                place += name.ids.count
            }
        }
        if !open.places.isEmpty || chunks.isEmpty { close() }
        return chunks
    }

    /// A chunk of no text.
    var empty: PromptChunk { whole(OpenChunk()) }

    private struct Place {
        var id: Int
        var row: Int
        var emphasis: Double
    }

    private struct OpenChunk {
        var places: [Place] = []
        /// Where its last comma is.
        var comma: Int?
    }

    private func whole(_ open: OpenChunk) -> PromptChunk {
        let tokenizer = encoder.tokenizer
        func place(_ id: Int) -> Place { Place(id: id, row: -1, emphasis: 1) }
        var places = [place(tokenizer.startID)] + open.places + [place(tokenizer.endID)]
        let missing = max(0, tokenizer.maximumLength - places.count)
        places += repeatElement(place(tokenizer.paddingID), count: missing)
        return PromptChunk(
            ids: places.map(\.id), rows: places.map(\.row), emphasis: places.map(\.emphasis),
            count: open.places.count)
    }
}
