package import Foundation
package import Settings
import StableDiffusion

/// What is known of a run before its first step: for its report and its provenance.
package struct RunDescription {
    /// One photo of the subject.
    package struct Photo {
        package let url: URL
        /// What it shows, where photos have captions of their own.
        package let caption: String?
        /// Whether it is kept out of training, to be measured.
        package let isHeldOut: Bool

        /// A photo; see the members.
        package init(url: URL, caption: String? = nil, isHeldOut: Bool = false) {
            self.url = url
            self.caption = caption
            self.isHeldOut = isHeldOut
        }
    }

    /// As the run has settled it.
    package let configuration: FineTuningConfiguration
    /// By the names of the options: what decides the numbers.
    package let settings: [String: String]
    /// What people call the model that is fine-tuned.
    package let modelName: String
    /// As A1111 names models.
    package let modelHash: String
    /// `cpu`, `cuda:0`.
    package let device: String
    /// The steps of the whole run.
    package let stepCount: Int
    /// In the order of the run.
    package let photos: [Photo]
    /// The same photos have the same, whatever their names.
    package let photosFingerprint: String

    /// A description; see the members.
    package init(
        configuration: FineTuningConfiguration, settings: [String: String], modelName: String,
        modelHash: String, device: String, stepCount: Int, photos: [Photo],
        photosFingerprint: String
    ) {
        self.configuration = configuration
        self.settings = settings
        self.modelName = modelName
        self.modelHash = modelHash
        self.device = device
        self.stepCount = stepCount
        self.photos = photos
        self.photosFingerprint = photosFingerprint
    }

    /// Where everything of the run goes.
    package var output: URL { URL(fileURLWithPath: configuration.outputDir) }

    /// What people call the run: its folder.
    package var name: String { output.standardizedFileURL.lastPathComponent }

    /// What people call the method.
    package var methodName: String {
        switch configuration.method {
        case .dreamBooth: "DreamBooth"
        case .lora(let method):
            switch method.adapters.kind {
            case .lora: method.adapters.usesMagnitudes ? "DoRA" : "LoRA"
            case .loha: "LoHa"
            case .lokr: "LoKr"
            }
        case .textualInversion: "Textual inversion"
        case .hypernetwork: "Hypernetwork"
        }
    }

    /// The options of the run in the order of their names, with what they stand at.
    package var settingRows: [(String, String)] {
        settings.sorted { $0.key < $1.key }.map { name, value in
            let line = value.replacing("\n", with: " · ")
            return (name, line.count > 300 ? line.prefix(300) + "…" : line)
        }
    }
}
