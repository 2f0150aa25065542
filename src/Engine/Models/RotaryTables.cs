namespace AdapterServe.Engine.Models;

/// <summary>
/// <b>Semantics</b>: angle[p, i] = p · θ^(−2i/D); the tables hold its cosine and sine, computed in f64 and rounded once.
/// <b>Shapes</b>: [positions, D/2] each, row-major.
/// </summary>
internal static class RotaryTables
{
    public static void FillRow(int position, double theta, Span<float> cos, Span<float> sin)
    {
        for (var i = 0; i < cos.Length; i++)
        {
            var (s, c) = Math.SinCos(position * Math.Pow(theta, -(double)i / cos.Length));
            cos[i] = (float)c;
            sin[i] = (float)s;
        }
    }
}
