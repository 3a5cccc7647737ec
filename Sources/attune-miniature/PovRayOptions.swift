import ArgumentParser
import Miniature

/// Where POV-Ray is.
struct PovRayOptions: ParsableArguments {
    @Option(help: "POV-Ray 3.7's program: a path, or a name in PATH.")
    var povray = "povray"

    @Option(help: "A folder of POV-Ray's include files, where it was unpacked and not installed.")
    var povrayLibrary: String?

    var povRay: PovRay { PovRay(executable: povray, library: povrayLibrary) }
}
