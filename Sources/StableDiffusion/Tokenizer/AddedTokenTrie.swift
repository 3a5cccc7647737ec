/// Finds added tokens in a text before anything else is done to it.
///
/// The earliest match wins, and of those that start together the longest, with the exceptions that
/// transformers' `Trie.split` has: it looks ahead only from partial matches that began no later
/// than the first one to be complete. The same states are kept here, so the same cuts come out.
struct AddedTokenTrie: Sendable {
    private struct Node {
        var children: [Unicode.Scalar: Int] = [:]
        var isEnd = false
    }

    private var nodes = [Node()]

    /// Adds a token; an empty one is ignored.
    mutating func insert(_ token: [Unicode.Scalar]) {
        guard !token.isEmpty else { return }
        var current = 0
        for scalar in token {
            if let next = nodes[current].children[scalar] {
                current = next
            } else {
                nodes.append(Node())
                nodes[current].children[scalar] = nodes.count - 1
                current = nodes.count - 1
            }
        }
        nodes[current].isEnd = true
    }

    /// The text in pieces, cut before and after each token found; no piece is empty.
    func split(_ text: [Unicode.Scalar]) -> [ArraySlice<Unicode.Scalar>] {
        var offsets: [Int] = []
        // Partial matches, in the order in which they began.
        var states: [(start: Int, node: Int)] = []
        var skip = 0
        for (current, scalar) in text.enumerated() where current >= skip {
            if let (start, end) = completeMatch(states, in: text, at: current) {
                offsets += [start, end]
                skip = end
                states.removeAll(keepingCapacity: true)
            } else {
                states = states.compactMap { state in
                    nodes[state.node].children[scalar].map { (state.start, $0) }
                }
            }
            if current >= skip, let node = nodes[0].children[scalar] {
                states.append((current, node))
            }
        }
        if let last = states.first(where: { nodes[$0.node].isEnd }) {
            offsets += [last.start, text.count]
        }
        return cut(text, at: offsets + [text.count])
    }

    /// The match to take when some partial match has just become complete.
    private func completeMatch(
        _ states: [(start: Int, node: Int)], in text: [Unicode.Scalar], at current: Int
    ) -> (start: Int, end: Int)? {
        guard let complete = states.firstIndex(where: { nodes[$0.node].isEnd }) else { return nil }
        // A partial match that began earlier wins where it can be completed. It has taken this
        // character already; where it could not, it is tried from the next one all the same.
        for state in states[..<complete] {
            let node = nodes[state.node].children[text[current]] ?? state.node
            if let end = longestEnd(from: node, in: text, at: current + 1) {
                return (state.start, end)
            }
        }
        let state = states[complete]
        let end = longestEnd(from: state.node, in: text, at: current) ?? current
        return (state.start, end)
    }

    /// Where the longest token ends that continues from a node, if any does.
    private func longestEnd(from node: Int, in text: [Unicode.Scalar], at index: Int) -> Int? {
        var (node, index) = (node, index)
        var longest = nodes[node].isEnd ? index : nil
        while index < text.count, let next = nodes[node].children[text[index]] {
            node = next
            index += 1
            if nodes[node].isEnd { longest = index }
        }
        return longest
    }

    private func cut(_ text: [Unicode.Scalar], at offsets: [Int]) -> [ArraySlice<Unicode.Scalar>] {
        var pieces: [ArraySlice<Unicode.Scalar>] = []
        var start = 0
        for end in offsets where end > start {
            pieces.append(text[start..<end])
            start = end
        }
        return pieces
    }
}
