public import ArgumentParser
public import Painting

extension ComputePrecision: ExpressibleByArgument {}
