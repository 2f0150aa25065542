using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Patterns;

/// <summary>
/// Which modules a PEFT configuration targets.
/// <b>Semantics</b>: a single string is an expression for the whole path, or <c>all-linear</c>; a list holds names, each meaning the path itself or every path that
/// ends in <c>.name</c>, and the latter may be narrowed to layers; exclusions and modules that are saved whole win.
/// <b>Source</b>: PEFT's rules as its documentation of <c>target_modules</c>, <c>exclude_modules</c>, <c>layers_to_transform</c> and <c>layers_pattern</c> gives them.
/// </summary>
internal sealed class ModuleSelection
{
    private const string AllLinear = "all-linear";
    private const string DefaultLayer = @"\A.*?\.[^.]*\.(?<layer>\d+)\.";

    private readonly Rule? _targets;
    private readonly Rule? _excluded;
    private readonly ImmutableArray<string> _saved;
    private readonly ImmutableArray<int>? _layers;
    private readonly ImmutableArray<ModulePattern> _layerPatterns;

    public ModuleSelection(ConfigValues values, ImmutableArray<string> saved)
    {
        _targets = Rule.From(values, "target_modules");
        _excluded = Rule.From(values, "exclude_modules");
        _saved = saved;
        _layers = values.Ints("layers_to_transform");
        if (_layers is not null)
        {
            var patterns = values.Texts("layers_pattern");
            _layerPatterns = patterns.IsEmpty ? [ModulePattern.Raw(DefaultLayer)] : [.. patterns.Select(ModulePattern.Layer)];
        }
    }

    /// <summary>False when the configuration leaves the choice to the file.</summary>
    public bool IsGiven => _targets is not null;

    /// <summary>A part of a fused linear is not meant where the whole is.</summary>
    /// <param name="site">A module; <c>all-linear</c> means neither the output layer nor the embedding.</param>
    /// <param name="budget">The time left for patterns.</param>
    public bool Selects(Site site, PatternBudget budget) =>
        Selects(site.Path, site.Kind, budget) && (site.Whole is not { } whole || !Selects(whole.Path, whole.Kind, budget));

    private bool Selects(string path, SiteKind kind, PatternBudget budget)
    {
        if (_excluded?.Matches(path, budget) == true || _saved.Any(name => IsInside(path, name)))
        {
            return false;
        }

        if (_targets!.Expression is { } expression)
        {
            return _targets.IsAllLinear ? kind == SiteKind.Linear : expression.Matches(path, budget);
        }

        return _targets.Names.Contains(path) || (_targets.MatchesSuffix(path) && IsInLayers(path, budget));
    }

    private static bool IsInside(string path, string name)
    {
        for (var at = path.IndexOf(name, StringComparison.Ordinal); at >= 0; at = path.IndexOf(name, at + 1, StringComparison.Ordinal))
        {
            var end = at + name.Length;
            if ((at == 0 || path[at - 1] == '.') && (end == path.Length || path[end] == '.'))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsInLayers(string path, PatternBudget budget)
    {
        if (_layers is not { } layers)
        {
            return true;
        }

        foreach (var pattern in _layerPatterns)
        {
            if (pattern.MatchLayer(path, budget) is { } layer)
            {
                return layers.Contains(layer);
            }
        }

        return false;
    }

    private sealed class Rule
    {
        public ModulePattern? Expression { get; private init; }

        public bool IsAllLinear { get; private init; }

        public HashSet<string> Names { get; private init; } = [];

        public static Rule? From(ConfigValues values, string key)
        {
            if (!values.IsMeaningful(key))
            {
                return null;
            }

            var texts = values.Texts(key);
            if (values.Find(key)!.Value.ValueKind == System.Text.Json.JsonValueKind.String)
            {
                return new Rule { Expression = ModulePattern.Full(texts[0]), IsAllLinear = texts[0] == AllLinear };
            }

            return new Rule { Names = texts.ToHashSet(StringComparer.Ordinal) };
        }

        public bool Matches(string path, PatternBudget budget) => Expression?.Matches(path, budget) ?? (Names.Contains(path) || MatchesSuffix(path));

        public bool MatchesSuffix(string path)
        {
            for (var dot = path.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = path.IndexOf('.', dot + 1))
            {
                if (Names.Contains(path[(dot + 1)..]))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
