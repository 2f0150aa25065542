using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.Engine.Models.Decoders;

/// <summary>The sites of a decoder in the order in which a step passes them.</summary>
internal sealed class DecoderSites
{
    private readonly ImmutableArray<Site>.Builder _sites = ImmutableArray.CreateBuilder<Site>();

    public static ImmutableArray<Site> Of(DecoderModel model)
    {
        var sites = new DecoderSites();
        sites.Add(model.Embedding, SiteKind.Embedding, model.VocabularySize, model.HiddenSize);
        foreach (var layer in model.Layers)
        {
            sites.Add(layer.AttentionInputNorm);
            sites.AddAll(layer.Attention.Inputs);
            sites.Add(layer.Attention.Output);
            sites.Add(layer.Attention.Path, SiteKind.Sublayer, model.HiddenSize, model.HiddenSize);
            sites.Add(layer.AttentionOutputNorm);
            sites.Add(layer.FeedForwardInputNorm);
            sites.AddAll(layer.FeedForward.Inputs);
            sites.Add(layer.FeedForward.Output);
            sites.Add(layer.FeedForward.Path, SiteKind.Sublayer, model.HiddenSize, model.HiddenSize);
            sites.Add(layer.FeedForwardOutputNorm);
        }

        sites.Add(model.FinalNorm);
        sites.Add(model.Head.Path, SiteKind.Head, model.HiddenSize, model.VocabularySize);
        return sites._sites.ToImmutable();
    }

    private void AddAll(ImmutableArray<Linear> linears)
    {
        foreach (var linear in linears)
        {
            Add(linear);
        }
    }

    private void Add(Linear linear)
    {
        var whole = Add(linear.Path, SiteKind.Linear, linear.In, linear.Out);
        var first = 0;
        foreach (var part in linear.Parts)
        {
            if (part.Path is not null)
            {
                _sites.Add(new Site(_sites.Count, part.Path, SiteKind.Linear, linear.In, part.Out) { Whole = whole, FirstRow = first });
            }

            first += part.Out;
        }
    }

    private void Add(Norm? norm)
    {
        if (norm is not null)
        {
            Add(norm.Path, SiteKind.Norm, norm.Size, norm.Size);
        }
    }

    private Site Add(string path, SiteKind kind, int input, int output)
    {
        var site = new Site(_sites.Count, path, kind, input, output);
        _sites.Add(site);
        return site;
    }
}
