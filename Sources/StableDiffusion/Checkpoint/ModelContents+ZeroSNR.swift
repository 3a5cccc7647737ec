extension ModelContents {
    /// Makes the noise schedule one with zero terminal SNR (Lin et al. 2023, arXiv 2305.08891).
    ///
    /// Sampling must then begin at the last step, which `trailing` spacing does. PNDM knows nothing
    /// of all this, so DDIM takes its place, as in that paper.
    mutating func rescaleBetas() {
        scheduler.object["rescale_betas_zero_snr"] = true
        scheduler.object["timestep_spacing"] = "trailing"
        guard (scheduler.object["_class_name"] as? String ?? "PNDMScheduler") == "PNDMScheduler"
        else { return }
        scheduler.object["_class_name"] = "DDIMScheduler"
        scheduler.object["clip_sample"] = scheduler.object["clip_sample"] ?? false
        index?.object["scheduler"] = ["diffusers", "DDIMScheduler"]
    }
}
