using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// The matrix product that every kernel here is built from: y[row, 16 j + lane] (+)= sum over k of x[row, k] * w[j, k, lane].
/// <b>Shapes</b>: x [rows, K], y [rows, 16 blocks], w addressed by a stride between blocks and a stride between k, both in elements.
/// <b>Semantics</b>: each output is one chain of multiply-adds in the order of k, started from zero or from y. Tiling by rows, blocks or k
/// cuts no chain in two sums, so a row's bits depend on nothing but that row and w.
/// </summary>
internal unsafe struct Panel
{
    private const int DepthTile = 512;

    public void* W;
    public nint BlockStride;
    public nint DepthStride;
    public int Blocks;
    public int Depth;
    public float* X;
    public nint XStride;
    public int Rows;
    public float* Y;
    public nint YStride;

    /// <summary>Starts the chains from y instead of zero.</summary>
    public bool Accumulate;

    /// <summary>Whether a product over runs asks for lines as it goes: not where sixteen lanes are several registers, unless there is one row.</summary>
    public static bool Asks<TLanes>(int rows)
        where TLanes : unmanaged, ILanes<TLanes> => rows == 1 || (TLanes.HoldsSixteenAccumulators && rows <= 8);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<TLanes, TElement>()
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        var step = TLanes.HoldsSixteenAccumulators || Rows == 1 ? 4 : 2;
        // A tile of weights that many rows reuse should stay in the first two caches.
        var depthTile = Rows <= 4 ? Math.Max(Depth, 1) : DepthTile;
        for (var block = 0; block < Blocks; block += step)
        {
            var depth = 0;
            do
            {
                RunRows<TLanes, TElement>(block, Math.Min(step, Blocks - block), depth, Math.Min(depthTile, Depth - depth));
                depth += depthTile;
            }
            while (depth < Depth);
        }
    }

    /// <summary>
    /// As <see cref="Run{TLanes, TElement}()"/> over weights in several runs; W and Depth are not read. Asks for what the runs say if <see cref="Asks"/> and
    /// the first of them does.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<TLanes, TElement>(PanelRun* runs, int count)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        var step = TLanes.HoldsSixteenAccumulators || Rows == 1 ? 4 : 2;
        var asking = runs[0].Ask != null && Asks<TLanes>(Rows);
        var shifted = stackalloc PanelRun[count];
        for (var block = 0; block < Blocks; block += step)
        {
            for (var i = 0; i < count; i++)
            {
                shifted[i].W = (byte*)runs[i].W + TElement.BytesOf(block * BlockStride);
                shifted[i].Depth = runs[i].Depth;
                shifted[i].Ask = runs[i].Ask;
            }

            if (asking && Rows <= 4)
            {
                RunRows<TLanes, TElement, AsksFour>(block, Math.Min(step, Blocks - block), 0, shifted, count);
            }
            else if (asking)
            {
                RunRows<TLanes, TElement, AsksTwo>(block, Math.Min(step, Blocks - block), 0, shifted, count);
            }
            else
            {
                RunRows<TLanes, TElement, AsksNothing>(block, Math.Min(step, Blocks - block), 0, shifted, count);
            }
        }
    }

    /// <summary>As the overload without a width, for an output of <paramref name="width"/> lanes: the last block is finished in a buffer of its own.</summary>
    public readonly void Run<TLanes, TElement>(int width)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        var whole = this;
        whole.Blocks = width / 16;
        if (whole.Blocks > 0)
        {
            whole.Run<TLanes, TElement>();
        }

        if (width % 16 != 0)
        {
            RunTail<TLanes, TElement>(whole.Blocks, width % 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void RunTail<TLanes, TElement>(int block, int lanes)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        const int tailRows = 4;
        var buffer = stackalloc float[16 * tailRows];
        for (var row = 0; row < Rows; row += tailRows)
        {
            var tail = this;
            tail.W = (byte*)W + TElement.BytesOf(block * BlockStride);
            tail.Blocks = 1;
            tail.X = X + (row * XStride);
            tail.Rows = Math.Min(tailRows, Rows - row);
            tail.Y = buffer;
            tail.YStride = 16;
            new Span<float>(buffer, 16 * tailRows).Clear();
            var y = Y + (row * YStride) + (block * 16);
            for (var i = 0; i < tail.Rows; i++)
            {
                new Span<float>(y + (i * YStride), lanes).CopyTo(new Span<float>(buffer + (i * 16), lanes));
            }

            tail.Run<TLanes, TElement>();
            for (var i = 0; i < tail.Rows; i++)
            {
                new Span<float>(buffer + (i * 16), lanes).CopyTo(new Span<float>(y + (i * YStride), lanes));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void RunRows<TLanes, TElement>(int block, int blocks, int depth, int depths)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        PanelRun run;
        run.W = (byte*)W + TElement.BytesOf((block * BlockStride) + (depth * DepthStride));
        run.Depth = depths;
        run.Ask = null;
        RunRows<TLanes, TElement, AsksNothing>(block, blocks, depth, &run, 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void RunRows<TLanes, TElement, TAsk>(int block, int blocks, int depth, PanelRun* runs, int runCount)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
        where TAsk : IAsk
    {
        PanelTile tile;
        tile.AskStart = block * TAsk.LinesPerStep / 4 * ((Rows + 3) / 4);
        tile.Runs = runs;
        tile.RunCount = runCount;
        tile.BlockStride = BlockStride;
        tile.DepthStride = DepthStride;
        tile.LastBlock = blocks - 1;
        tile.Accumulate = Accumulate || depth > 0;
        tile.XStride = XStride;
        tile.YStride = YStride;
        tile.X = X + depth;
        tile.Y = Y + (block * 16);
        if (Rows == 1)
        {
            tile.LastRow = 0;
            PanelTile.OneByFour<TLanes, TElement, TAsk>(tile);
            return;
        }

        var step = TLanes.HoldsSixteenAccumulators ? 4 : 2;
        for (var row = 0; row < Rows; row += step)
        {
            tile.LastRow = Math.Min(step, Rows - row) - 1;
            if (TLanes.HoldsSixteenAccumulators)
            {
                PanelTile.FourByFour<TLanes, TElement, TAsk>(tile);
            }
            else
            {
                PanelTile.TwoByTwo<TLanes, TElement>(tile);
            }

            tile.AskStart += TAsk.LinesPerStep;
            tile.X += step * XStride;
            tile.Y += step * YStride;
        }
    }
}
