using System.Collections.Immutable;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// <b>Semantics</b>: each pair of outputs, one from each half of a group, is turned and scaled, the base's bias included:
/// y₁ = a₁ cos t₁ y₁ - b₁ sin u₁ y₂, y₂ = a₂ cos t₂ y₂ + b₂ sin u₂ y₁. <c>road_1</c> has one angle and scale a pair, <c>road_2</c> one an output, <c>road_4</c> one for
/// each of the four products.
/// <b>Shapes</b>: road_theta and road_alpha [O / 2], [O] or [2 O], group by group. <b>Source</b>: PEFT, tuners/road.
/// </summary>
internal sealed class Road : IPeftMethod
{
    public string Type => "ROAD";

    public string Forms => "output_rotation";

    public string Note => "`road_1`, `road_2`, `road_4`";

    public ImmutableArray<string> Options => ["variant", "group_size", "init_weights"];

    public ImmutableArray<string> Parts => ["road_theta", "road_alpha"];

    public Func<PeftModule, SiteTensors?> Begin(PeftAdapter adapter)
    {
        var group = adapter.Positive("group_size", 64);
        var variant = adapter.Config.Text("variant") ?? "road_1";
        var perGroup = variant switch
        {
            "road_1" => group / 2,
            "road_2" => group,
            "road_4" => 2L * group,
            _ => throw StoreErrors.Unservable("road_variant", $"RoAd's variant '{AdapterNames.Shorten(variant)}' is not known; road_1, road_2 and road_4 are served."),
        };
        return module => Lower(module, group, perGroup);
    }

    private static OutputRotationTensors Lower(PeftModule module, int group, long perGroup)
    {
        var site = module.Site;
        if (group % 2 != 0 || site.OutFeatures % group != 0)
        {
            throw PeftAdapter.OutOfRange("group_size");
        }

        var count = site.OutFeatures / group * perGroup;
        var (theta, alpha) = (module.Part("road_theta", count), module.Part("road_alpha", count));
        return new OutputRotationTensors(site, [theta, alpha], group, values => Pairs(values.Read(theta), values.Read(alpha), site.OutFeatures, group, (int)perGroup));
    }

    private static (double[] Own, double[] Other) Pairs(double[] theta, double[] alpha, int width, int group, int perGroup)
    {
        var (own, other) = (new double[width], new double[width]);
        for (var o = 0; o < width; o++)
        {
            var (start, place) = (o / group * perGroup, o % group);
            var first = start + (perGroup < group ? place % perGroup : place);
            var second = perGroup > group ? first + group : first;
            own[o] = alpha[first] * Math.Cos(theta[first]);
            other[o] = alpha[second] * Math.Sin(theta[second]) * (place < group / 2 ? -1 : 1);
        }

        return (own, other);
    }
}
