using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Fusing;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Tests.Goldens;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.Tests.Fusing;

/// <summary>The demo model with linears that may be written, one engine on it, and one set of such linears without an engine.</summary>
public sealed class FusableDemo : DemoModel
{
    public FusableDemo()
        : base(RepositoryFiles.DemoModel, new ImportOptions { IsFusable = true })
    {
        Weights = new FusableBase(Model.Base, threads: 2);
        Engine = Start(new EngineOptions { Threads = 2 });
    }

    public EngineHost Engine { get; }

    internal FusableBase Weights { get; }

    /// <summary>Fuses a golden's adapter.</summary>
    internal async Task FuseAsync(string golden)
    {
        var file = GoldenFile.Read(golden);
        var version = await ResolveAsync(file.Adapter, file.Task.ValueKind == JsonValueKind.Undefined ? null : $"#{file.Task}");
        await Engine.Fused.FuseAsync(version, (await AcquireAsync(golden))!);
    }

    internal Task UnfuseAsync() => Engine.Fused.UnfuseAsync(Engine.Fused.Target!);

    /// <summary>A digest of every bit of every linear.</summary>
    internal string Bits()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var site in Model.Base.Sites.Where(FusableBase.IsLinear))
        {
            var (w, bias) = Weights.At(site.Index).Unpack();
            hash.AppendData(MemoryMarshal.AsBytes(w.AsSpan()));
            hash.AppendData(MemoryMarshal.AsBytes(bias.AsSpan()));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Whether a weight and a bias can hold what the adapter does, by what is known of its forms.</summary>
    internal bool CanHold(AdapterWeights adapter)
    {
        FormKind[] held =
        [
            FormKind.InputScale, FormKind.InputRotation, FormKind.Dense, FormKind.OutputLowRank, FormKind.LowRank, FormKind.Sparse,
            FormKind.OutputScale, FormKind.OutputRotation, FormKind.OutputBias,
        ];
        return adapter is { VirtualTokens: null, AddedTokens: 0, InvocationTokens.IsEmpty: true }
            && Model.Base.Sites.All(site => adapter.At(site.Index).IsEmpty || site.Kind is SiteKind.Linear or SiteKind.Head)
            && Model.Base.Sites.SelectMany(site => adapter.At(site.Index).ToArray())
                .All(form => held.Contains(form.Form) && form is not LowRankWeights { Gate.IsOpen: false });
    }

    protected override void Dispose(bool disposing)
    {
        Engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Weights.Dispose();
        base.Dispose(disposing);
    }
}
