using System.Numerics;
using AdapterServe.AdapterStore.Formats.Peft.Methods;

namespace AdapterServe.AdapterStore.Tests.Formats.Peft.Methods;

public sealed class FourierTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(12)]
    [InlineData(45)]
    [InlineData(64)]
    [InlineData(97)]
    [InlineData(640)]
    public void Any_length_gives_the_defining_sum(int length)
    {
        var random = new Random(length);
        Complex[] source = [.. Enumerable.Range(0, length).Select(_ => new Complex(random.NextDouble() - 0.5, random.NextDouble() - 0.5))];
        var actual = new Complex[length];
        new Fourier(length).Inverse(source, actual);
        for (var k = 0; k < length; k++)
        {
            var expected = Complex.Zero;
            for (var j = 0; j < length; j++)
            {
                expected += source[j] * Complex.FromPolarCoordinates(1, 2 * Math.PI * ((long)j * k % length) / length);
            }

            Assert.InRange((expected - actual[k]).Magnitude, 0, Tolerances.Fourier);
        }
    }
}
