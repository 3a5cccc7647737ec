// swift-tools-version: 6.2
import PackageDescription

// `.libtorch` is a link that `make setup` lays in the checkout: it points at the unpacked
// LibTorch in the cache folder, or at the one that the LIBTORCH variable names.
let libtorch = "\(Context.packageDirectory)/.libtorch"

// `.libvips` is what `make setup` learns from pkg-config: response files with the flags of libvips.
// SwiftPM could ask by itself (`pkgConfig:`), but warns of `-pthread` in the answer.
let libvips = "\(Context.packageDirectory)/.libvips"

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "attune",
    platforms: [.macOS(.v15)],
    products: [
        .library(
            name: "Attune",
            targets: [
                "Torch", "NN", "StableDiffusion", "Imaging", "Painting", "Settings", "Datasets",
                "Evaluation", "RunRecord", "Training", "Comparison",
            ]),
        .executable(name: "attune", targets: ["attune"]),
        .executable(name: "attune-miniature", targets: ["attune-miniature"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .target(
            name: "CTorch",
            // The other files are included by these.
            sources: [
                "operations.cpp", "autograd.cpp", "meta.cpp", "processes.cpp", "recording.cpp",
            ],
            cxxSettings: [
                .headerSearchPath("declarations"),
                .unsafeFlags([
                    "-I\(libtorch)/include",
                    "-I\(libtorch)/include/torch/csrc/api/include",
                    "-Wno-unused-parameter", "-Wno-deprecated-declarations",
                ]),
            ],
            linkerSettings: [
                .unsafeFlags([
                    "-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib",
                ]),
                // Where `make install` puts what the program loads.
                .unsafeFlags(
                    ["libtorch", "runtime"].flatMap {
                        ["-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib/attune/\($0)"]
                    }, .when(platforms: [.linux])),
                .linkedLibrary("torch_cpu"),
                .linkedLibrary("c10"),
            ]
        ),
        .systemLibrary(name: "CLibcrypto"),
        .target(
            name: "Files",
            dependencies: [.target(name: "CLibcrypto", condition: .when(platforms: [.linux]))],
            swiftSettings: strict),
        .target(name: "Torch", dependencies: ["CTorch", "Files"], swiftSettings: strict),
        .target(
            name: "PyTorchArchive", dependencies: ["Torch", "Files"], swiftSettings: strict),
        .target(name: "NN", dependencies: ["Torch"], swiftSettings: strict),
        .target(
            name: "StableDiffusion",
            dependencies: [
                "Torch", "NN", "PyTorchArchive", "Files",
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),
        .target(
            name: "CVips",
            cSettings: [.unsafeFlags(["@\(libvips)/compile"])],
            linkerSettings: [.unsafeFlags(["@\(libvips)/link"])]
        ),
        .target(name: "Imaging", dependencies: ["CVips", "Files"], swiftSettings: strict),
        .target(
            name: "Painting",
            dependencies: [
                "Files", "Torch", "NN", "StableDiffusion", "Imaging",
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),
        .target(
            name: "Settings",
            dependencies: [
                "Files", "Torch", "NN", "StableDiffusion", .product(name: "Yams", package: "Yams"),
            ], swiftSettings: strict),
        .target(
            name: "Datasets",
            dependencies: ["Files", "Torch", "NN", "StableDiffusion", "Imaging", "Settings"],
            swiftSettings: strict),
        .target(
            name: "Evaluation",
            dependencies: ["Files", "Torch", "NN", "StableDiffusion", "Imaging", "Datasets"],
            swiftSettings: strict),
        .target(
            name: "RunRecord",
            dependencies: ["Files", "Torch", "Imaging", "Settings", "Datasets", "Evaluation"],
            swiftSettings: strict),
        .target(
            name: "Training",
            dependencies: [
                "Files", "Torch", "NN", "StableDiffusion", "Imaging", "Painting", "Settings",
                "Datasets", "Evaluation", "RunRecord",
            ],
            swiftSettings: strict),
        .target(
            name: "Comparison",
            dependencies: [
                "Files", "Torch", "StableDiffusion", "Imaging", "Painting", "Settings",
                "Evaluation", "RunRecord", "Training",
            ],
            swiftSettings: strict),
        .target(
            name: "Miniature", dependencies: ["Files", "Torch", "NN", "StableDiffusion"],
            swiftSettings: strict),
        .executableTarget(
            name: "attune",
            dependencies: [
                "Files", "Torch", "NN", "StableDiffusion", "Imaging", "Painting", "Settings",
                "Datasets", "Evaluation", "RunRecord", "Training", "Comparison",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "attune-miniature",
            dependencies: [
                "Files", "Torch", "Miniature",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: ["Torch"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .testTarget(
            name: "TorchTests", dependencies: ["Torch", "NN", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "StableDiffusionTests",
            dependencies: ["Torch", "NN", "PyTorchArchive", "StableDiffusion", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "PyTorchArchiveTests", dependencies: ["PyTorchArchive", "Torch", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "ImagingTests", dependencies: ["Imaging", "Files", "TestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: strict),
        .testTarget(
            name: "PaintingTests",
            dependencies: [
                "Files", "Torch", "NN", "StableDiffusion", "Imaging", "Painting", "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FineTuningTests",
            dependencies: [
                "Files", "Torch", "NN", "StableDiffusion", "Imaging", "Painting", "Settings",
                "Datasets", "Evaluation", "RunRecord", "Training", "Comparison", "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CommandTests",
            dependencies: ["attune", "Files", "Imaging", "Torch", "TestSupport"],
            exclude: ["Snapshots"], swiftSettings: strict),
        .testTarget(
            name: "MiniatureTests", dependencies: ["Files", "Torch", "Miniature"],
            swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx20
)
