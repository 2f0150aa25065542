namespace AdapterServe.Engine.Models.Weights;

/// <summary>Names of the initializers of a module's weight that is held in blocks of integers.</summary>
internal static class BlockNames
{
    /// <summary>u8 [rows, blocks, bytes of a block].</summary>
    public static string Codes(string path) => path + ".weight.codes";

    /// <summary>f32 [rows, blocks].</summary>
    public static string Scales(string path) => path + ".weight.scales";

    /// <summary>u8 [rows, bytes of a row's zero points], packed like the codes, or f32 [rows, blocks].</summary>
    public static string ZeroPoints(string path) => path + ".weight.zero_points";

    /// <summary>i32 [columns]: the block whose scale a column has.</summary>
    public static string Groups(string path) => path + ".weight.groups";
}
