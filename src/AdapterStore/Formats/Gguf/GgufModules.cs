using System.Globalization;

namespace AdapterServe.AdapterStore.Formats.Gguf;

/// <summary>GGUF's names for the modules of a Llama-like model → the base's own paths. <b>Source</b>: gguf-py's tensor_mapping.</summary>
internal static class GgufModules
{
    private const string Block = "blk.";

    /// <summary>The module's path, or null for a name that is none of these.</summary>
    public static string? PathOf(string module)
    {
        if (module == "output")
        {
            return "lm_head";
        }

        var dot = module.LastIndexOf('.');
        if (!module.StartsWith(Block, StringComparison.Ordinal) || dot <= Block.Length
            || !int.TryParse(module.AsSpan(Block.Length, dot - Block.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var layer))
        {
            return null;
        }

        var name = module[(dot + 1)..] switch
        {
            "attn_q" => "self_attn.q_proj",
            "attn_k" => "self_attn.k_proj",
            "attn_v" => "self_attn.v_proj",
            "attn_output" => "self_attn.o_proj",
            "ffn_gate" => "mlp.gate_proj",
            "ffn_up" => "mlp.up_proj",
            "ffn_down" => "mlp.down_proj",
            _ => null,
        };
        return name is null ? null : $"model.layers.{layer.ToString(CultureInfo.InvariantCulture)}.{name}";
    }

    /// <summary>Whether the architecture's converter reorders the rows of this projection: llama.cpp rotates neighbours, the base rotates halves.</summary>
    public static bool IsReordered(string path) => path.EndsWith("q_proj", StringComparison.Ordinal) || path.EndsWith("k_proj", StringComparison.Ordinal);

    /// <summary>Undoes the reordering: within a head, the file's row 2i + j is the base's row j·(size/2) + i.</summary>
    public static byte[] InBaseOrder(ReadOnlySpan<byte> rows, int rowCount, int headSize)
    {
        var result = new byte[rows.Length];
        var rowBytes = rows.Length / rowCount;
        var half = headSize / 2;
        for (var row = 0; row < rowCount; row++)
        {
            var (head, within) = (row / headSize * headSize, row % headSize);
            var target = head + (within % 2 * half) + (within / 2);
            rows.Slice(row * rowBytes, rowBytes).CopyTo(result.AsSpan(target * rowBytes));
        }

        return result;
    }
}
