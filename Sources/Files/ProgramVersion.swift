/// What this program is called in the files that it writes.
package enum Program {
    /// As long as none has been published.
    package static let version = "0.1.0-dev"
}
