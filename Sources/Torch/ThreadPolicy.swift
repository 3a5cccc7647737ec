#if os(Linux)
    import Glibc
#endif

extension Compute {
    /// Lets threads that wait sleep soon instead of spinning; call it first thing in `main`.
    ///
    /// LibTorch's OpenMP spins for milliseconds at the end of every operation. That gains a little
    /// on an idle machine, and beside any other busy program it loses a hundredfold: each spins on
    /// the processor that the other needs. OpenMP reads its settings before `main` begins, so the
    /// process starts itself anew, once, with the setting in its environment. Whoever has set
    /// `OMP_WAIT_POLICY` or `GOMP_SPINCOUNT` keeps them.
    public static func letThreadsSleep() {
        #if os(Linux)
            if getenv("OMP_WAIT_POLICY") != nil || getenv("GOMP_SPINCOUNT") != nil { return }
            var path = [CChar](repeating: 0, count: Int(PATH_MAX))
            guard readlink("/proc/self/exe", &path, path.count - 1) > 0 else { return }
            // LoRA steps of a small network on two cores, in milliseconds alone and beside another
            // such run: 235 and 398 with 1000 turns, 183 and 534 with 4000, 172 and 1720 with 30000.
            setenv("GOMP_SPINCOUNT", "4000", 1)
            // Returns only when it fails, and then all goes on as it would have.
            execv(path, CommandLine.unsafeArgv)
        #endif
    }
}
