using System.Collections.Immutable;
using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterStore.Composition;
using AdapterServe.AdapterStore.Composition.Merging;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>
/// Reads which adapters serve a request together and how they are combined.
/// <b>Errors</b>: <see cref="ApiException"/> 400 whose <c>param</c> names the field; a field that would say nothing is refused, since it was meant to say something.
/// </summary>
internal static class MixtureParser
{
    private const string Sum = "sum";

    /// <summary>Null where the request names no adapters of its own.</summary>
    public static MixtureRequest? Parse(JsonFields fields)
    {
        var combine = fields.String("combine");
        if (!fields.TryGet("adapters", out var value) || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0))
        {
            return combine is null ? null : throw ApiException.Invalid("combine", "'combine' says how the adapters in 'adapters' act together, and there are none.");
        }

        var block = Block(combine);
        var parts = Parts(value, "adapters", mayNest: block == BlockKind.Stack);
        if (block is not null)
        {
            return RequireFew(Composition(fields, block.Value, combine!, parts));
        }

        var merge = Merge(fields, combine);
        if (merge is not null && (parts.Length == 1 || parts.Any(part => part.FromToken > 0 || !part.WithAbs)))
        {
            throw ApiException.Invalid("combine", $"'{combine}' makes one adapter of at least two, each for the whole prompt and with all that it brings; 'sum' does without.");
        }

        return new MixtureRequest(parts, merge);
    }

    private static MixtureRequest RequireFew(MixtureRequest request) => request.Adapters <= AdapterMixture.MaxParts ? request : throw TooMany("adapters", request.Adapters);

    private static ApiException TooMany(string path, int count) =>
        ApiException.Invalid(path, $"'{path}' names {count} adapters; at most {AdapterMixture.MaxParts} serve a request together.");

    private static ImmutableArray<MixtureRequestPart> Parts(JsonElement value, string path, bool mayNest)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.WrongType(path, "a list of objects with the name of an adapter each");
        }

        return value.GetArrayLength() <= AdapterMixture.MaxParts
            ? [.. value.EnumerateArray().Select((element, index) => Part(element, $"{path}[{index}]", mayNest))]
            : throw TooMany(path, value.GetArrayLength());
    }

    private static MixtureRequestPart Part(JsonElement element, string path, bool mayNest)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.WrongType(path, "an object with the name of an adapter");
        }

        var part = new JsonFields(element, path + ".");
        if (part.TryGet("adapters", out var nested))
        {
            return mayNest ? new MixtureRequestPart(string.Empty, 1, true, 0, Nested(part, nested, path)) : throw ApiException.Invalid(
                path, "A composition stands in an adapter's place only within a stack, whose 'combine' is stack.");
        }

        var name = part.RequiredString("name");
        return new MixtureRequestPart(
            name.Length > 0 ? name : throw ApiException.Invalid(path + ".name", $"'{path}.name' is empty."),
            part.Double("weight", float.MinValue, float.MaxValue) ?? 1,
            part.Bool("with_abs", absent: true),
            part.Int("from_token", 0, int.MaxValue) ?? 0);
    }

    private static MixtureRequest Nested(JsonFields part, JsonElement adapters, string path)
    {
        var combine = part.RequiredString("combine");
        return Block(combine) is (BlockKind.Average or BlockKind.Fuse) and { } block && !part.Has("name")
            ? Composition(part, block, combine, Parts(adapters, path + ".adapters", mayNest: false))
            : throw ApiException.Invalid(path, "Within a stack an average or a fuse may stand in an adapter's place, without a 'name'.");
    }

    private static BlockKind? Block(string? combine) => combine switch
    {
        "stack" => BlockKind.Stack,
        "average" => BlockKind.Average,
        "fuse" => BlockKind.Fuse,
        "split" => BlockKind.Split,
        _ => null,
    };

    private static MixtureRequest Composition(JsonFields fields, BlockKind block, string combine, ImmutableArray<MixtureRequestPart> parts)
    {
        if (parts.Length < 2 || parts.Any(part => !part.WithAbs || (part.Weight != 1 && block != BlockKind.Average) || (part.FromToken > 0 && block != BlockKind.Split)))
        {
            throw ApiException.Invalid(fields.Path("combine"), $"'{combine}' is of at least two adapters; 'weight' counts in an average, 'from_token' in a split, 'with_abs' in neither.");
        }

        if (block == BlockKind.Average && !double.IsFinite(1 / parts.Sum(part => part.Weight)))
        {
            throw ApiException.Invalid(fields.Path("adapters"), "The weights of an average must not sum to 0.");
        }

        if (block == BlockKind.Split && (parts[0].FromToken > 0 || parts.Zip(parts.Skip(1)).Any(pair => pair.First.FromToken >= pair.Second.FromToken)))
        {
            throw ApiException.Invalid("adapters", "In a split the first adapter has no 'from_token' and the others' ascend.");
        }

        RequireFor(fields, "fusion", block == BlockKind.Fuse, combine);
        foreach (var name in (string[])["density", "svd_rank", "majority_sign_method", "dare_seed"])
        {
            RequireFor(fields, name, counts: false, combine);
        }

        return new MixtureRequest(parts, null, block, block == BlockKind.Fuse ? fields.RequiredString("fusion") : null);
    }

    private static MergeOptions? Merge(JsonFields fields, string? combine)
    {
        var method = combine is null or Sum ? null : MergeMethod.Find(combine) ?? throw ApiException.Invalid(
            "combine", $"'combine' must be {Sum}, stack, average, fuse, split, {string.Join(", ", MergeMethod.All.Select(known => known.Name))}.");
        var density = fields.Double("density", 0, 1);
        if (density == 0)
        {
            throw ApiException.Invalid("density", "'density' is the share of values that are kept: above 0, at most 1.");
        }

        RequireFor(fields, "fusion", counts: false, combine);
        RequireFor(fields, "density", method?.Pruning is not (null or MergePruning.None), combine);
        RequireFor(fields, "svd_rank", method?.Space == MergeSpace.Deltas, combine);
        RequireFor(fields, "majority_sign_method", method?.ElectsSigns == true, combine);
        RequireFor(fields, "dare_seed", method?.Pruning == MergePruning.Random, combine);
        if (method is null)
        {
            return null;
        }

        if (method.Pruning != MergePruning.None && density is null)
        {
            throw ApiException.Missing("density");
        }

        return new MergeOptions(method)
        {
            Density = density ?? 1,
            SvdRank = fields.Int("svd_rank", 1, ushort.MaxValue),
            ByFrequency = ByFrequency(fields),
            Seed = unchecked((ulong)(fields.Long("dare_seed") ?? 0)),
        };
    }

    private static bool ByFrequency(JsonFields fields) => fields.String("majority_sign_method") switch
    {
        null or "total" => false,
        "frequency" => true,
        _ => throw ApiException.Invalid("majority_sign_method", "'majority_sign_method' must be total or frequency."),
    };

    private static void RequireFor(JsonFields fields, string name, bool counts, string? combine)
    {
        if (!counts && fields.Has(name))
        {
            throw ApiException.Invalid(fields.Path(name), $"'{name}' says nothing to '{combine ?? Sum}'; leave it out or choose another 'combine'.");
        }
    }
}
