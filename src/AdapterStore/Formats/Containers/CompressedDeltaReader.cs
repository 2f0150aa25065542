using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Containers;

/// <summary>
/// A fine-tuned difference of which two of each four neighbouring inputs are kept, in four bits.
/// <b>Semantics</b>: y += D x; of inputs 4q to 4q + 3 the one at (index &amp; 3) has ((code &amp; 15) - 8) scale, the one at ((index &gt;&gt; 2) &amp; 3) has ((code &gt;&gt; 4) - 8) scale.
/// <b>Shapes</b>: index, code [O, H / 4] u8, scale [O, H / group]. The product of a code and a scale of f16 is exact in f32. <b>Source</b>: ours, in the manner of DeltaZip.
/// </summary>
internal sealed class CompressedDeltaReader : IAdapterReader
{
    private const string Type = "compressed-delta";
    private const string Weights = "adapter_model.safetensors";
    private const int Four = 4;
    private const int Zero = 8;

    public IEnumerable<AdapterKind> Kinds => [AdapterKind.Exact(Type, $"`adapter_type: {Type}`", "sparse", "two of four, in four bits")];

    public bool Recognises(AdapterFolder folder) => Container.TypeOf(folder) == Type;

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var config = new ConfigValues(folder.Config!.Value);
        Container.RequireKnown(config, ["bits", "sparsity", "group", "target_modules"]);
        var group = config.RequiredInt("group");
        if (config.RequiredInt("bits") != Four || config.Text("sparsity") != "2:4" || group < Four || group % Four != 0)
        {
            throw Container.OutOfRange(group < Four || group % Four != 0 ? "group" : config.RequiredInt("bits") != Four ? "bits" : "sparsity");
        }

        var file = SafetensorsFile.Open(Container.Require(folder, Weights));
        try
        {
            var modules = ContainerModules.Of(file.Tensors.Values, string.Empty, ["index", "code", "scale"], baseModel);
            ContainerModules.RequireTargets(config, modules);
            return new AdapterTensors(Type, file, [.. modules.Values.Select(module => Place(module, group))]);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static MadeSparseTensors Place(PeftModule module, int group)
    {
        var site = module.Site;
        if (site.InFeatures % group != 0)
        {
            throw Container.OutOfRange("group");
        }

        var (index, code) = (module.BytePart("index", site.OutFeatures, site.InFeatures / Four), module.BytePart("code", site.OutFeatures, site.InFeatures / Four));
        var scale = module.Part("scale", site.OutFeatures, site.InFeatures / group);
        return new MadeSparseTensors(site, [index, code, scale], index.Elements * 2, values => Expand(values.ReadBytes(index), values.ReadBytes(code), values.Read(scale), site, group));
    }

    private static SparseElements Expand(ReadOnlySpan<byte> indices, ReadOnlySpan<byte> codes, double[] scales, Site site, int group)
    {
        var (rows, columns, values) = (new List<int>(), new List<int>(), new List<double>());
        for (var i = 0; i < indices.Length; i++)
        {
            var (row, four) = Math.DivRem(i, site.InFeatures / Four);
            var (first, second) = (indices[i] & 3, (indices[i] >> 2) & 3);
            if (first == second)
            {
                throw StoreErrors.Unservable("index_range", $"The index of '{site.Path}' keeps one input of four twice; compress the difference again.");
            }

            var scale = scales[(row * (site.InFeatures / group)) + (four * Four / group)];
            Add(row, (four * Four) + first, ((codes[i] & 15) - Zero) * scale);
            Add(row, (four * Four) + second, ((codes[i] >> 4) - Zero) * scale);
        }

        return new SparseElements([.. rows], [.. columns], [.. values]);

        void Add(int row, int column, double value)
        {
            if (value != 0)
            {
                rows.Add(row);
                columns.Add(column);
                values.Add(value);
            }
        }
    }
}
