public import ArgumentParser
public import Settings
public import StableDiffusion

extension WeightOffload: ExpressibleByArgument {
    /// Its own names, and what A1111's users call these.
    public init?(argument: String) {
        switch argument.lowercased() {
        case "medvram": self = .model
        case "lowvram": self = .sequential
        case let name: self.init(rawValue: name)
        }
    }
}

extension ByteCount: ExpressibleByArgument {
    /// As in settings: `8GB`, `900MB`.
    public init?(argument: String) {
        guard let read = try? Self.read([argument]) else { return nil }
        self = read
    }
}
