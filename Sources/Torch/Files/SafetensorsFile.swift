public import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A safetensors file, mapped into memory; tensors are copied out of it one by one.
///
/// A file of any content gives an error or a tensor, never a read outside the file.
public final class SafetensorsFile {
    /// The file, as a path.
    public let path: String
    /// What the file says of its tensors, checked.
    public let header: SafetensorsHeader
    private let mapping: UnsafeMutableRawPointer
    private let byteCount: Int

    /// - Throws: ``CheckpointError`` when the file cannot be opened or its header does not hold.
    public init(_ url: URL) throws(CheckpointError) {
        path = url.path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .unreadable(path, String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path, "it is not a regular file")
        }
        byteCount = Int(status.st_size)
        guard byteCount >= 8 else {
            throw .malformed(path, "is \(byteCount) bytes long, too short for a safetensors file")
        }
        guard let mapped = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0),
            mapped != MAP_FAILED
        else {
            throw .unreadable(path, String(cString: strerror(errno)))
        }
        mapping = mapped
        do {
            header = try SafetensorsHeader(
                UnsafeRawBufferPointer(start: mapped, count: byteCount), file: path)
        } catch {
            munmap(mapped, byteCount)
            throw error
        }
    }

    deinit { munmap(mapping, byteCount) }

    /// The names of the tensors, sorted.
    public var keys: [String] { header.entries.keys.sorted() }

    /// A copy of one tensor on the CPU, in the dtype of the file; nil when there is no such key.
    public func tensor(_ key: String) -> Tensor? {
        guard let entry = header.entries[key] else { return nil }
        return withExtendedLifetime(self) {
            let bytes = UnsafeRawBufferPointer(
                start: mapping + header.dataOffset + entry.range.lowerBound,
                count: entry.range.count)
            defer { forget(bytes) }
            return Tensor(bytes: bytes, shape: entry.shape, dtype: entry.dtype)
        }
    }

    /// Gives back the memory that reading took: the process would else hold the whole file beside
    /// its tensors. What is read again comes from the system's cache, or from the disk.
    private func forget(_ bytes: UnsafeRawBufferPointer) {
        let page = Int(getpagesize())
        guard let start = bytes.baseAddress, bytes.count >= page else { return }
        // Whole pages: others hold a part of a neighbour.
        let offset: Int = start - UnsafeRawPointer(mapping)
        let first = (offset + page - 1) / page * page
        let end = (offset + bytes.count) / page * page
        if end > first { madvise(mapping.advanced(by: first), end - first, MADV_DONTNEED) }
    }
}
