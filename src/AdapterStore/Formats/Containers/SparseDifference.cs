using AdapterServe.AdapterStore.Formats.Peft;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Formats.TorchPickle;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Containers;

/// <summary>
/// What LT-SFT adds to one parameter: <c>size</c>, <c>index_steps</c> and <c>values</c>.
/// <b>Semantics</b>: the steps' running sum gives flat places in column-major order (row fastest), each greater than the one before.
/// <b>Shapes</b>: Values [k], k steps. <b>Errors</b>: Malformed <c>lt_sft</c>, <c>pickle_type</c>; Unservable <c>index_range</c>, <c>shape_mismatch</c>, <c>dtype</c>.
/// </summary>
internal sealed record SparseDifference(BaseParameter Parameter, FormKind Form, SafetensorsTensor Values, List<PickleValue> Steps) : ComputedTensors(Parameter.Site, Form)
{
    public override IEnumerable<SafetensorsTensor> Tensors => [Values];

    /// <summary>Null where nothing differs.</summary>
    public static SparseDifference? Read(PickleDict entry, BaseParameter parameter)
    {
        if (entry.Find("size")?.Tuple is not { } size || entry.Find("index_steps")?.List is not { } steps || entry.Find("values")?.Tensor.Placed is not { } values)
        {
            throw Wrong(parameter.Site.Path);
        }

        var shape = Array.ConvertAll(size.Items.ToArray(), item => item.Int);
        if (!parameter.HasShape(shape))
        {
            throw parameter.ShapeMismatch(shape);
        }

        LoraModules.RequireFloat(values);
        if (!values.HasShape(steps.Count))
        {
            throw Wrong(parameter.Site.Path);
        }

        return steps.Count == 0 ? null : new SparseDifference(parameter, FormOf(parameter), values, steps);
    }

    public static AdapterStoreException Wrong(string what) => StoreErrors.Malformed(
        "lt_sft", $"The entry of '{AdapterNames.Shorten(what)}' is not as sparse fine-tuning writes it: a tensor in abs; size, index_steps and as many values in diffs.");

    public override FormWeights Pack(LoweringSource source, WeightArena arena)
    {
        var values = source.Read(Values);
        var (rows, columns) = Places();
        var type = LoweringSource.ExactType(values);
        switch (Form)
        {
            case FormKind.EmbeddingRows:
                return SparseRows.Pack(arena, Parameter.Rows, Parameter.Columns, rows, columns, values, type);
            case FormKind.Sparse:
                return SparseWeights.Pack(arena, Parameter.Columns, Parameter.Rows, rows, columns, values, type);
            default:
                var vector = new float[Parameter.Rows];
                for (var i = 0; i < values.Length; i++)
                {
                    vector[rows[i]] = values[i];
                }

                return Form == FormKind.OutputBias
                    ? LoweringSource.PackVector(arena, Site, Form, vector)
                    : source.BaseWeights.NormKind != NormKind.Layer
                        ? RmsNormWeights.Pack(arena, source.BaseWeights.NormEpsilon, vector, isAdded: true)
                        : throw StoreErrors.LayerNorm(Site.Path);
        }
    }

    private static FormKind FormOf(BaseParameter parameter) => parameter switch
    {
        { IsBias: true } => FormKind.OutputBias,
        { Site.Kind: SiteKind.Norm } => FormKind.RmsNorm,
        { Site.Kind: SiteKind.Embedding } => FormKind.EmbeddingRows,
        _ => FormKind.Sparse,
    };

    private (int[] Rows, int[] Columns) Places()
    {
        var (rows, columns) = (new int[Steps.Count], new int[Steps.Count]);
        var (place, end) = (-1L, (long)Parameter.Rows * Parameter.Columns);
        for (var i = 0; i < rows.Length; i++)
        {
            var step = Steps[i].Int;
            var least = i == 0 ? 0 : 1;
            if (step < least || step >= end)
            {
                throw OutOfRange();
            }

            place = i == 0 ? step : place + step;
            (columns[i], rows[i]) = place < end ? ((int)(place / Parameter.Rows), (int)(place % Parameter.Rows)) : throw OutOfRange();
        }

        return (rows, columns);
    }

    private AdapterStoreException OutOfRange() => StoreErrors.Unservable(
        "index_range",
        $"The index_steps of '{Parameter.Site.Path}' point twice to one place or outside of the parameter, which has {(long)Parameter.Rows * Parameter.Columns} elements.");
}
