import Evaluation
import Testing

/// Pictures in the order in which they are worth looking at.
@Suite struct PictureRankingTests {
    private func figures(
        _ match: Double?, _ faithfulness: Double?, _ sharpness: Double, hash: UInt64
    ) -> PictureRanking.Figures {
        PictureRanking.Figures(
            match: match, faithfulness: faithfulness, sharpness: sharpness, hash: hash)
    }

    @Test func order() {
        let ranking = PictureRanking([
            figures(0.1, 0.3, 50, hash: 0), figures(0.9, 0.3, 50, hash: ~0),
            figures(0.5, 0.3, 50, hash: 0xFFFF_FFFF),
        ])
        #expect(ranking.places.map(\.picture) == [1, 2, 0])
        #expect(ranking.best(2) == [1, 2])
        #expect(ranking.best(9).count == 3)
    }

    /// A blurred one is worse; noise is no better than what is sharp.
    @Test func sharpness() {
        let ranking = PictureRanking(
            [5.0, 100, 90, 5000].enumerated().map {
                figures(nil, nil, $1, hash: 0xFFFF << (16 * UInt64($0)))
            })
        #expect(ranking.places.last?.picture == 0)
        #expect(ranking.places.first?.score == ranking.places[1].score)
    }

    /// What is nearly the same stands behind the better one, and is copied last.
    @Test func twins() {
        let ranking = PictureRanking([
            figures(0.9, nil, 50, hash: 0), figures(0.8, nil, 50, hash: 0b11111),
            figures(0.2, nil, 50, hash: ~0), figures(0.7, nil, 50, hash: 0b1111_1111),
        ])
        #expect(ranking.places.map(\.picture) == [0, 1, 3, 2])
        #expect(ranking.places.map(\.twin) == [nil, 0, nil, nil])
        #expect(ranking.best(3) == [0, 3, 2])
    }

    /// A figure that is missing for some counts for the others.
    @Test func missingFigures() {
        let ranking = PictureRanking([
            figures(nil, nil, 50, hash: 0), figures(nil, 0.9, 50, hash: ~0),
        ])
        #expect(ranking.places.count == 2)
        #expect(PictureRanking([]).places.isEmpty)
    }
}
