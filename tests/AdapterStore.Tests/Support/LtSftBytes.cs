using System.Runtime.InteropServices;

namespace AdapterServe.AdapterStore.Tests.Support;

/// <summary>Hand-made <c>pytorch_diff.bin</c> files; each tensor begins with the values 1/4, 2/4, 3/4, ...</summary>
internal static class LtSftBytes
{
    public static float Value(int at) => (at + 1) / 4f;

    public static Dictionary<string, byte[]> Files(byte[] root)
    {
        float[] values = [.. Enumerable.Range(0, 256).Select(Value)];
        return new(StringComparer.Ordinal) { ["pytorch_diff.bin"] = TorchBytes.Zip(TorchBytes.Pickle(root), ("m/data/0", MemoryMarshal.AsBytes(values.AsSpan()).ToArray())) };
    }

    public static byte[] Diff(string parameter, int[] size, int[] steps) => Diff(parameter, size, Steps(steps), steps.Length);

    public static byte[] Diff(string parameter, int[] size, byte[] steps, int values) => TorchBytes.Dict("diffs", TorchBytes.Dict(parameter, TorchBytes.Join(
        "}(", TorchBytes.Text("size"), TorchBytes.Tuple(size), TorchBytes.Text("index_steps"), steps, TorchBytes.Text("values"), TorchBytes.Tensor(256, 0, [values], [1]), "u")));

    public static byte[] Steps(params int[] steps) => TorchBytes.Join("](", TorchBytes.Join([.. steps.Select(TorchBytes.Int)]), "e");

    public static byte[] Whole(string parameter, int rows, int columns) =>
        TorchBytes.Dict("abs", TorchBytes.Dict(parameter, TorchBytes.Tensor(256, 0, [rows, columns], [columns, 1])));
}
