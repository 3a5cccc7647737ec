public import Foundation

/// Renders many scenes with several POV-Ray processes at a time.
public struct SceneRenderer: Sendable {
    /// Scenes 0..<`count` of this seed are rendered.
    public var seed: UInt64
    /// How many scenes.
    public var count: Int
    /// The pictures' width and height in pixels.
    public var size: Int
    /// How many scenes one shard, and one POV-Ray process, takes.
    public var shardCount: Int
    /// How many POV-Ray processes run at once.
    public var jobs: Int
    /// The POV-Ray to use.
    public var povRay: PovRay
    /// Whether every caption names class and colour.
    public var namingAll: Bool

    /// A renderer of scenes 0..<`count` of `seed`.
    public init(
        seed: UInt64, count: Int, size: Int = 128, shardCount: Int = 250, jobs: Int = 2,
        povRay: PovRay = PovRay(), namingAll: Bool = false
    ) {
        precondition(count > 0 && size > 0 && shardCount > 0 && jobs > 0)
        self.seed = seed
        self.count = count
        self.size = size
        self.shardCount = shardCount
        self.jobs = jobs
        self.povRay = povRay
        self.namingAll = namingAll
    }

    /// Renders into `folder`, skipping shards that are already there.
    ///
    /// `report` is told the number of finished pictures, from any thread, one call at a time.
    /// Throws `SceneError` when POV-Ray is missing or fails, or the folder cannot be written.
    public func render(
        into folder: URL, report: @escaping @Sendable (_ finished: Int) -> Void = { _ in }
    ) throws {
        _ = try povRay.located()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw SceneError(
                "\(folder.path) cannot be made (\(error.localizedDescription)): choose another "
                    + "--output.")
        }
        let progress = RenderProgress(total: (count + shardCount - 1) / shardCount, report: report)
        let group = DispatchGroup()
        for _ in 0..<jobs {
            let thread = Thread {
                while let number = progress.next() {
                    do {
                        try renderShard(number, into: folder, progress)
                    } catch {
                        progress.stop(error)
                    }
                }
                group.leave()
            }
            group.enter()
            thread.start()
        }
        group.wait()
        if let error = progress.failure { throw error }
    }

    private func renderShard(
        _ number: Int, into folder: URL, _ progress: RenderProgress
    ) throws {
        let range = number * shardCount..<min(count, (number + 1) * shardCount)
        let shard = SceneShard(folder: folder, number: number)
        if shard.isFinished(count: range.count, size: size) {
            progress.finish(range.count)
            return
        }
        let scenes = range.map { Scene(seed: seed, index: $0, namingAll: namingAll) }
        let pictures = try render(scenes, work: folder.appending(path: ".work-\(number)"))
        try shard.write(pictures: pictures, scenes: scenes)
        progress.finish(range.count)
    }

    /// Renders scenes to packed uint8 values [count, size, size, 3] through files in `work`,
    /// which is made and removed.
    public func render(_ scenes: [Scene], work: URL) throws -> Data {
        var pictures = [Data](repeating: Data(), count: scenes.count)
        for (isBlurred, quality) in [(false, PovRay.Quality.training), (true, .focused)] {
            let numbers = scenes.indices.filter { scenes[$0].isBlurredBehind == isBlurred }
            guard !numbers.isEmpty else { continue }
            let some = try render(numbers.map { scenes[$0] }, quality, work: work)
            for (number, picture) in zip(numbers, some) { pictures[number] = picture }
        }
        return pictures.reduce(into: Data(capacity: scenes.count * size * size * 3)) { $0 += $1 }
    }

    private func render(
        _ scenes: [Scene], _ quality: PovRay.Quality, work: URL
    ) throws -> [Data] {
        let files = FileManager.default
        try? files.removeItem(at: work)
        defer { try? files.removeItem(at: work) }
        do {
            try files.createDirectory(at: work, withIntermediateDirectories: true)
            try Data(PovRayScene.animation.utf8).write(to: work.appending(path: "main.pov"))
            for (index, scene) in scenes.enumerated() {
                try Data(PovRayScene.body(scene).utf8)
                    .write(to: work.appending(path: "s\(index + 1).inc"))
            }
        } catch {
            throw SceneError(
                "\(work.path) cannot be written (\(error.localizedDescription)): free some space "
                    + "or choose another --output.")
        }
        try povRay.render(
            folder: work, count: scenes.count, width: size, height: size, quality: quality)
        return try (1...max(1, scenes.count)).map { number in
            let picture = try PovRay.frame(folder: work, number: number, count: scenes.count)
            guard picture.width == size, picture.height == size else {
                throw SceneError(
                    "POV-Ray made a picture of \(picture.width)×\(picture.height) where "
                        + "\(size)×\(size) was asked for: check its povray.ini.")
            }
            return picture.pixels
        }
    }
}

/// What the rendering threads share.
///
/// Every member is read and written under `lock`, which is why it may cross threads.
private final class RenderProgress: @unchecked Sendable {
    private let lock = NSLock()
    private let total: Int
    private let report: @Sendable (Int) -> Void
    private var started = 0
    private var finished = 0
    private var error: (any Error)?

    init(total: Int, report: @escaping @Sendable (Int) -> Void) {
        self.total = total
        self.report = report
    }

    /// The next shard to render, or nil when none is left or one has failed.
    func next() -> Int? {
        lock.withLock {
            guard error == nil, started < total else { return nil }
            defer { started += 1 }
            return started
        }
    }

    func finish(_ count: Int) {
        lock.withLock {
            finished += count
            report(finished)
        }
    }

    func stop(_ failure: any Error) {
        lock.withLock { error = error ?? failure }
    }

    var failure: (any Error)? { lock.withLock { error } }
}
