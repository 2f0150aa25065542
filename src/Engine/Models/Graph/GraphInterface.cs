using AdapterServe.Engine.Models.Decoders;
using AdapterServe.Engine.Models.Onnx;
using AdapterServe.Kernels.Cpu;

namespace AdapterServe.Engine.Models.Graph;

/// <summary>The inputs and outputs that the engine binds, see <see cref="GraphNames"/>.</summary>
internal static class GraphInterface
{
    /// <summary>Says how the caches are held, which a graph that was just made holds as f32.</summary>
    public static void SetCacheFormat(ModelProto model, KvFormat format, int headSize)
    {
        foreach (var cache in model.Graph.Input.Where(input => GraphNames.IsCache(input.Name)))
        {
            cache.Type.TensorType.ElemType = (int)OnnxGraphBuilder.DataTypeOf(KvFormats.ElementTypeOf(format));
            cache.Type.TensorType.Shape.Dim[^1].DimValue = KvRows.Elements(KvFormats.TypeOf(format), headSize);
        }
    }

    public static void Add(OnnxGraphBuilder builder, DecoderModel model)
    {
        if (model.PositionEmbedding is not null)
        {
            builder.AddInput(GraphNames.PositionIds, TensorProto.Types.DataType.Int64, "tokens");
        }

        Add(builder, model.Layers.Length, model.KvHeads, model.HeadSize, model.VocabularySize);
    }

    /// <summary>Those that every model has.</summary>
    public static void Add(OnnxGraphBuilder builder, int layers, int kvHeads, int headSize, int vocabulary)
    {
        builder.AddInput(GraphNames.InputIds, TensorProto.Types.DataType.Int64, "tokens");
        builder.AddInput(GraphNames.BlockTable, TensorProto.Types.DataType.Int32, "sequences", "max_blocks");
        builder.AddInput(GraphNames.CumulativeSequenceLengths, TensorProto.Types.DataType.Int32, "sequences_plus_one");
        builder.AddInput(GraphNames.PastSequenceLengths, TensorProto.Types.DataType.Int32, "sequences");
        builder.AddInput(GraphNames.LogitsRows, TensorProto.Types.DataType.Int64, "logit_rows");
        for (var layer = 0; layer < layers; layer++)
        {
            AddCache(GraphNames.KeyCache(layer));
            AddCache(GraphNames.ValueCache(layer));
        }

        builder.AddOutput(GraphNames.Logits, TensorProto.Types.DataType.Float, "logit_rows", vocabulary);

        void AddCache(string name) =>
            builder.AddInput(name, TensorProto.Types.DataType.Float, "num_blocks", "block_size", kvHeads, headSize);
    }
}
