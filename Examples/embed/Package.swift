// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "embed",
    platforms: [.macOS(.v15)],
    // A package of yours names the repository: .package(url: "…/attune", branch: "main"). LibTorch
    // is then set up once in SwiftPM's checkout of it (`make setup` there).
    dependencies: [.package(name: "attune", path: "../..")],
    targets: [
        .executableTarget(
            name: "embed", dependencies: [.product(name: "Attune", package: "attune")])
    ]
)
