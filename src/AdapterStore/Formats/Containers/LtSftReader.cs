using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Peft;
using AdapterServe.AdapterStore.Formats.TorchPickle;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Containers;

/// <summary>
/// Sparse fine-tuning of any parameter: <c>pytorch_diff.bin</c>, as its authors save it without a configuration, or beside one that names the type.
/// <b>Semantics</b>: parameter += difference for those in <c>diffs</c>, parameter = tensor for those in <c>abs</c>. On a base with tied embeddings the embedding's
/// parameter is the head's too.
/// <b>Errors</b>: Malformed <c>pickle_type</c> and <c>lt_sft</c>; Unservable, one code for each way in which file and base disagree.
/// <b>Source</b>: arXiv:2110.07560 and its authors' file.
/// </summary>
internal sealed class LtSftReader : IAdapterReader
{
    private const string Type = "lt-sft";
    private const string Weights = "pytorch_diff.bin";

    public IEnumerable<AdapterKind> Kinds => [AdapterKind.Exact(Type, $"`{Weights}`, also with `adapter_type: {Type}`", "sparse, dense, embedding_rows, rms_norm, output_bias", "any parameter, by differences or as a whole")];

    public bool Recognises(AdapterFolder folder) => folder.Config is null ? folder.Files.Has(Weights) : Container.TypeOf(folder) == Type;

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        if (folder.Config is { } config)
        {
            Container.RequireKnown(new ConfigValues(config), ["k"]);
        }

        var file = TorchPickleFile.Open(Container.Require(folder, Weights));
        try
        {
            var root = file.Root.Dict;
            if (root.Items.Any(item => item.Key.Text is not ("diffs" or "abs")))
            {
                throw SparseDifference.Wrong(Weights);
            }

            var sites = ImmutableArray.CreateBuilder<SiteTensors>();

            // What takes a parameter's place stands before what is added to it.
            AddAbsolute(root.Find("abs")?.Dict, baseModel, sites);
            foreach (var (key, value) in root.Find("diffs")?.Dict.Items ?? [])
            {
                sites.AddRange(Parameters(key.Text, baseModel).Select(parameter => SparseDifference.Read(value.Dict, parameter)).OfType<SiteTensors>());
            }

            return sites.Count > 0 ? new AdapterTensors(Type, file, sites.ToImmutable()) : throw StoreErrors.Unservable("no_modules", $"{Weights} changes no parameter.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void AddAbsolute(PickleDict? parameters, BaseModel baseModel, ImmutableArray<SiteTensors>.Builder sites)
    {
        foreach (var (key, value) in parameters?.Items ?? [])
        {
            if (value.Tensor.Placed is not { } tensor)
            {
                throw SparseDifference.Wrong(key.Text);
            }

            LoraModules.RequireFloat(tensor);
            foreach (var parameter in Parameters(key.Text, baseModel))
            {
                sites.Add(parameter.IsBias ? new ReplacedBiasTensors(parameter.Site, parameter.RequireShape(tensor)) : WholeWeight.Replace(parameter.Site, tensor));
                if (!parameter.IsBias && LoraBiases.Has(parameter.Site, baseModel))
                {
                    sites.Add(new KeptBiasTensors(parameter.Site));
                }
            }
        }
    }

    /// <summary>The parameter of that name, at the head as well where that is tied to it.</summary>
    private static IEnumerable<BaseParameter> Parameters(string name, BaseModel baseModel)
    {
        var parameter = BaseParameter.Find(name, baseModel);
        var isEnd = parameter.Site.Kind is SiteKind.Embedding or SiteKind.Head;
        if (parameter.Site.Kind == SiteKind.Head && baseModel.HasTiedEmbeddings)
        {
            throw StoreErrors.Unservable(
                "weight_tying", $"The file changes '{AdapterNames.Shorten(name)}', which this base ties to the embedding; change the embedding's parameter.");
        }

        return isEnd && baseModel.HasTiedEmbeddings
            ? baseModel.Sites.Where(site => site.Kind is SiteKind.Embedding or SiteKind.Head).Select(site => new BaseParameter(site, IsBias: false))
            : [parameter];
    }
}
