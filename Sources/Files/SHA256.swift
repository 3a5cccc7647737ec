public import Foundation

#if canImport(CryptoKit)
    internal import CryptoKit
#else
    internal import CLibcrypto
#endif

/// SHA-256 (FIPS 180-4) of bytes as they come, by the system's library.
///
/// A value: a copy goes on by itself.
public struct SHA256 {
    /// The 32 bytes of a sum.
    public struct Digest: Sendable, Equatable {
        /// From the first.
        public let bytes: [UInt8]

        /// In 64 digits, lower case.
        public var hexadecimal: String { Self.hexadecimal(bytes) }

        /// The first so many digits of ``hexadecimal``, an even number.
        public func hexadecimal(prefix count: Int) -> String {
            Self.hexadecimal(bytes.prefix(count / 2))
        }

        private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
            bytes.map { byte in
                let digits = String(byte, radix: 16)
                return byte < 16 ? "0" + digits : digits
            }.joined()
        }
    }

    #if canImport(CryptoKit)
        private var sum = CryptoKit.SHA256()
    #else
        private var sum = Context()
    #endif

    /// Of nothing yet.
    public init() {}

    /// Of all bytes at once.
    public static func digest(of bytes: some ContiguousBytes) -> Digest {
        var sum = SHA256()
        sum.update(bytes)
        return sum.digest()
    }

    /// Of a whole file, piece by piece.
    ///
    /// - Throws: `FileError` for a file that cannot be read.
    public static func digest(ofFile url: URL) throws -> Digest {
        var sum = SHA256()
        try sum.update(contentsOf: url)
        return sum.digest()
    }

    /// Adds bytes.
    public mutating func update(_ bytes: some ContiguousBytes) {
        #if canImport(CryptoKit)
            bytes.withUnsafeBytes { sum.update(bufferPointer: $0) }
        #else
            if !isKnownUniquelyReferenced(&sum) { sum = Context(copying: sum) }
            bytes.withUnsafeBytes(sum.update)
        #endif
    }

    /// Adds the bytes of a file, piece by piece.
    ///
    /// - Parameter offset: how many of its bytes are left out at its start.
    /// - Throws: `FileError` for a file that cannot be read.
    public mutating func update(contentsOf url: URL, from offset: Int = 0) throws {
        do {
            let handle = try FileHandle(forReadingFrom: url)
            defer { try? handle.close() }
            if offset > 0 { try handle.seek(toOffset: UInt64(offset)) }
            while let piece = try handle.read(upToCount: 1 << 23), !piece.isEmpty { update(piece) }
        } catch let error as FileError {
            throw error
        } catch {
            throw FileError(.read, url, reason: "it cannot be read to its end")
        }
    }

    /// Of what was added so far; more can be added.
    public func digest() -> Digest {
        #if canImport(CryptoKit)
            Digest(bytes: Array(sum.finalize()))
        #else
            Digest(bytes: Context(copying: sum).finish())
        #endif
    }
}

#if !canImport(CryptoKit)
    /// Owns a context of libcrypto. Its functions fail only where there is no memory, or no
    /// SHA-256, and then nothing can be told of any file.
    private final class Context {
        private let pointer: OpaquePointer

        init() {
            pointer = Self.allocated()
            check(EVP_DigestInit_ex(pointer, EVP_sha256(), nil))
        }

        init(copying other: Context) {
            pointer = Self.allocated()
            check(EVP_MD_CTX_copy_ex(pointer, other.pointer))
        }

        deinit { EVP_MD_CTX_free(pointer) }

        func update(_ bytes: UnsafeRawBufferPointer) {
            check(EVP_DigestUpdate(pointer, bytes.baseAddress, bytes.count))
        }

        func finish() -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: 32)
            check(EVP_DigestFinal_ex(pointer, &bytes, nil))
            return bytes
        }

        private static func allocated() -> OpaquePointer {
            guard let pointer = EVP_MD_CTX_new() else {
                preconditionFailure("libcrypto has no memory for a SHA-256")
            }
            return pointer
        }

        private func check(_ status: Int32) {
            precondition(status == 1, "libcrypto cannot compute a SHA-256")
        }
    }
#endif
