using System.Numerics;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// Unscaled inverse discrete Fourier transform of any length: y[k] = Σ x[j] e^(2πi jk / n).
/// <b>Source</b>: Cooley and Tukey (1965), decimation by the smallest prime factor.
/// </summary>
internal sealed class Fourier
{
    private readonly Complex[] _roots;
    private readonly Complex[] _parts;

    public Fourier(int length)
    {
        _roots = [.. Enumerable.Range(0, length).Select(k => Complex.FromPolarCoordinates(1, 2 * Math.PI * k / length))];
        _parts = new Complex[length];
    }

    public void Inverse(ReadOnlySpan<Complex> source, Span<Complex> destination) => Transform(source, 1, destination[.._roots.Length]);

    private void Transform(ReadOnlySpan<Complex> source, int stride, Span<Complex> destination)
    {
        var n = destination.Length;
        if (n == 1)
        {
            destination[0] = source[0];
            return;
        }

        var factor = SmallestFactor(n);
        var m = n / factor;
        for (var q = 0; q < factor; q++)
        {
            Transform(source[(q * stride)..], stride * factor, destination.Slice(q * m, m));
        }

        var step = _roots.Length / n;
        for (var k = 0; k < m; k++)
        {
            for (var q = 0; q < factor; q++)
            {
                _parts[q] = destination[(q * m) + k];
            }

            for (var at = k; at < n; at += m)
            {
                var sum = _parts[0];
                for (var q = 1; q < factor; q++)
                {
                    sum += _parts[q] * _roots[(int)((long)q * at % n) * step];
                }

                destination[at] = sum;
            }
        }
    }

    private static int SmallestFactor(int n)
    {
        for (var factor = 2; (long)factor * factor <= n; factor++)
        {
            if (n % factor == 0)
            {
                return factor;
            }
        }

        return n;
    }
}
