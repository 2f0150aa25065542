namespace AdapterServe.LoadTest.Recording;

/// <summary>The part of a run that is measured, [<see cref="StartUs"/>, <see cref="EndUs"/>) microseconds after its start.</summary>
internal readonly record struct MeasuredWindow(long StartUs, long EndUs)
{
    public double Seconds => Math.Max(1, EndUs - StartUs) / 1e6;
}
