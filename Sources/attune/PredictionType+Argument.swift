public import ArgumentParser
public import StableDiffusion

/// `--prediction-type` of what reads a model: the names of diffusers.
extension PredictionType: ExpressibleByArgument {}
