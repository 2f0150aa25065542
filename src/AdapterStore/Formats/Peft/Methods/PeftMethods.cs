using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>The methods that are lowered at load; a new one is a new file beside these and a line here.</summary>
internal static class PeftMethods
{
    public static ImmutableArray<IPeftMethod> All { get; } =
    [
        new AdaLora(), new Vera(), new LoHa(), new LoKr(), new Miss(), new DeLora(), new GraLora(), new VbLora(), new RandLora(), new C3A(),
        new FourierFt(), new WaveFt(), new BdLora(), new TinyLora(), new UniLora(), new Pvera(), new Hira(), new Deft(), new Hra(), new Poly(), new Supertuning(),
        new Glora(), new Peanut(), new Frod(), new Osf(), new Oft(), new Boft(), new Road(),
    ];
}
