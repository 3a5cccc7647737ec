package import Foundation
package import RunRecord

extension TrainingSpectator {
    /// Paints pictures to look at. Where that cannot be done the run goes on without, and it is told
    /// once.
    ///
    /// - Parameter paint: paints after so many steps, and gives the files.
    package static func painting(
        every interval: Int, cancellation: Cancellation,
        report: @escaping (TrainingEvent) -> Void, _ paint: @escaping (_ step: Int) throws -> [URL]
    ) -> TrainingSpectator {
        var hasTold = false
        return TrainingSpectator(interval: interval) { step in
            do {
                report(.validationPainted(step: step, pictures: try paint(step)))
            } catch {
                // Who ends a run does not wait for its pictures.
                guard !cancellation.isRequested, !hasTold else { return }
                hasTold = true
                report(
                    .notice("Validation pictures cannot be painted, the run goes on: \(error)"))
            }
        }
    }
}
