import Foundation

/// Raw files of cameras: what the sensor counted, with a small picture inside for looking.
///
/// Many are TIFF files whose first directory is the small picture, so that readers of TIFF take
/// them for it.
enum CameraRaw {
    /// The kind of raw file that starts with these bytes, where the first bytes tell; nil also for
    /// those that are TIFF.
    static func kind(prefix: Data) -> String? {
        let bytes = [UInt8](prefix.prefix(ImageFormat.prefixLength))
        func has(_ text: String, at offset: Int = 0) -> Bool {
            bytes.dropFirst(offset).starts(with: text.utf8)
        }
        if has("II*\0"), has("CR", at: 8) { return "Canon CR2" }
        if has("ftypcrx ", at: 4) { return "Canon CR3" }
        if has("HEAPCCDR", at: 6) { return "Canon CRW" }
        if has("FUJIFILMCCD-RAW") { return "Fujifilm RAF" }
        if has("IIRO") || has("IIRS") || has("MMOR") { return "Olympus ORF" }
        if has("IIU\0") { return "Panasonic RW2" }
        if has("FOVb") { return "Sigma X3F" }
        if has("\0MRM") { return "Minolta MRW" }
        if has("II*\0") || has("MM\0*"), has("IIII", at: 8) || has("MMMM", at: 8) {
            return "Phase One IIQ"
        }
        return nil
    }

    /// The kind of raw file that these bytes are, or nil: TIFF files of a sensor's counts.
    ///
    /// - Parameter name: the file's, whose ending settles what the tags leave open.
    static func kind(tiff tags: TIFFTags, name: String) -> String? {
        if tags.has(50706) { return "DNG" }
        let ending = (name as NSString).pathExtension.lowercased()
        let named = endings[ending]
        // A colour filter array or linear counts of a sensor, or their compressions.
        let isRaw =
            tags.has(262, 32803, 34892) || tags.has(33422)
            || tags.has(259, 34713, 34892, 32767, 32769, 32770, 65535)
        if isRaw { return named ?? "its pixels are a sensor's counts" }
        return named
    }

    /// By the endings of their names, those that are TIFF.
    private static let endings = [
        "dng": "DNG", "nef": "Nikon NEF", "nrw": "Nikon NRW", "cr2": "Canon CR2",
        "arw": "Sony ARW", "sr2": "Sony SR2", "srf": "Sony SRF", "pef": "Pentax PEF",
        "srw": "Samsung SRW", "3fr": "Hasselblad 3FR", "fff": "Hasselblad FFF",
        "iiq": "Phase One IIQ", "erf": "Epson ERF", "kdc": "Kodak KDC", "dcr": "Kodak DCR",
        "mef": "Mamiya MEF", "mos": "Leaf MOS", "rwl": "Leica RWL", "gpr": "GoPro GPR",
    ]
}
