public import Torch

extension ParameterStore {
    /// Runs `body` with copies of all parameters on a device, where they do not lie there anyway.
    /// They must not change meanwhile.
    public func visiting<Result, Failure: Error>(
        _ device: Device, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let all = parameters(below: "").filter { $0.tensor.device != device }
        let upload = Upload(all.map(\.tensor), to: device)
        upload.arrive()
        for (parameter, copy) in zip(all, upload.copies) { parameter.visitor = copy }
        defer { for parameter in all { parameter.visitor = nil } }
        return try body()
    }
}
