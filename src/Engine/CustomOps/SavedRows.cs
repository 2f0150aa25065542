using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.CustomOps.Forms;

namespace AdapterServe.Engine.CustomOps;

/// <summary>
/// The rows of a shared input as they were before one of its readers changed them; the next reader puts them back first.
/// <b>Layout</b>: row after row in native memory that grows to the largest need. <b>Effects</b>: one input at a time; allocates nothing in steady state.
/// </summary>
internal sealed unsafe class SavedRows(int maxSegments) : IDisposable
{
    private readonly (int RowStart, int Rows)[] _runs = new (int, int)[maxSegments];
    private readonly Workspace _memory = new();
    private int _count;
    private int _width;

    /// <summary>Forgets what a run that failed has left.</summary>
    public void Clear() => _count = 0;

    /// <summary>Keeps the rows whose adapters change the site's input. <b>Shapes</b>: x [T, width].</summary>
    public void Save(float* x, int width, int site, ReadOnlySpan<AdapterSegment> segments)
    {
        (_count, _width) = (0, width);
        var rows = 0;
        foreach (var segment in segments)
        {
            if (ChangesInput(segment.Weights, site))
            {
                _runs[_count++] = (segment.RowStart, segment.RowEnd - segment.RowStart);
                rows += segment.RowEnd - segment.RowStart;
            }
        }

        var saved = (float*)_memory.Ensure((long)rows * width * sizeof(float));
        for (var i = 0; i < _count; i++)
        {
            saved += Copy(x + ((nint)_runs[i].RowStart * width), saved, i);
        }
    }

    /// <summary>Puts the rows back, and forgets them.</summary>
    public void Restore(float* x)
    {
        if (_count == 0)
        {
            return;
        }

        var saved = (float*)_memory.Ensure(0);
        for (var i = 0; i < _count; i++)
        {
            saved += Copy(saved, x + ((nint)_runs[i].RowStart * _width), i);
        }

        _count = 0;
    }

    public void Dispose() => _memory.Dispose();

    private static bool ChangesInput(AdapterWeights weights, int site)
    {
        foreach (var form in weights.At(site))
        {
            if ((FormKinds.OnInput & (1u << (int)form.Form)) != 0)
            {
                return true;
            }
        }

        return false;
    }

    private nint Copy(float* source, float* target, int run)
    {
        var elements = (nint)_runs[run].Rows * _width;
        Buffer.MemoryCopy(source, target, elements * sizeof(float), elements * sizeof(float));
        return elements;
    }
}
