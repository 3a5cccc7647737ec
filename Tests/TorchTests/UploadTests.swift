import Testing
import Torch

/// Copies that stand for tensors that lie elsewhere.
@Suite struct UploadTests {
    @Test func gradientsGoToWhatIsRepresented() {
        let weight = Tensor([1, 2, 3] as [Float])
        weight.requiresGradient = true
        let copy = weight.detached().cast(to: .bfloat16)
        let input = Tensor([4, 5, 6] as [Float]).cast(to: .bfloat16)
        (weight.represented(by: copy) * input).sum().backward()
        #expect(weight.gradient?.dtype == .float32)
        #expect(weight.gradient?.floats() == [4, 5, 6])
        #expect(copy.gradient == nil)
    }

    @Test func whatIsRepresentedLiesInMainMemory() {
        let weight = Tensor.empty([4, 8], device: .meta(.main))
        weight.requiresGradient = true
        let upload = Upload([weight], to: .meta(.gpu))
        upload.arrive()
        #expect(upload.copies[0].device == .meta(.gpu))
        let input = Tensor.empty([2, 8], device: .meta(.gpu))
        input.linear(weight: weight.represented(by: upload.copies[0]), bias: nil).sum().backward()
        #expect(weight.gradient?.device == .meta(.main))
    }

    @Test func copiesAreTheirOwn() {
        let source = Tensor([1, 2] as [Float])
        let upload = Upload([source], to: .cpu)
        upload.arrive()
        source.fill(with: 0)
        #expect(upload.copies[0].floats() == [1, 2])
        #expect(source.pinned(for: .cpu) === source)
    }
}
