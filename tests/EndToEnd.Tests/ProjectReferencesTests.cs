using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace AdapterServe.EndToEnd.Tests;

/// <summary>The direction of dependencies is part of the design: see the map of projects in ARCHITECTURE.md.</summary>
public sealed class ProjectReferencesTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Kernels"] = [],
        ["OnnxRuntime"] = [],
        ["AdapterStore"] = ["Kernels"],
        ["Engine"] = ["AdapterStore", "Kernels", "OnnxRuntime"],
        ["GrpcCore"] = [],
        ["AdapterServer"] = ["AdapterStore", "Engine", "GrpcCore"],
        ["Client"] = [],
        ["Cli"] = ["AdapterServer", "Client"],
        ["LoadTest"] = ["AdapterStore", "Client"],
    };

    public static TheoryData<string> SourceProjects => [.. Directory.GetFiles(Path.Combine(SourceTree.Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(path => Path.GetFileNameWithoutExtension(path))];

    [Theory]
    [MemberData(nameof(SourceProjects))]
    public void A_project_uses_only_those_that_the_architecture_allows(string project)
    {
        Assert.True(Allowed.ContainsKey(project), $"src/{project} is not in the architecture's list of projects.");
        var file = XDocument.Load(Path.Combine(SourceTree.Root, "src", project, project + ".csproj"));
        var references = file.Descendants("ProjectReference").Select(reference => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!));
        Assert.Empty(references.Except(Allowed[project]));
        // Otherwise a project would also see what the projects that it names use.
        Assert.True(!references.Any() || (bool?)file.Descendants("DisableTransitiveProjectReferences").SingleOrDefault() == true, $"src/{project} sees more than it names.");
    }

    [Fact]
    public void Unsafe_code_stays_in_kernels_in_the_binding_and_in_the_engines_custom_ops()
    {
        var files = Directory.GetFiles(Path.Combine(SourceTree.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(SourceTree.Root, path).Replace('\\', '/'))
            .Where(path => !path.StartsWith("src/Kernels/", StringComparison.Ordinal) && !path.StartsWith("src/OnnxRuntime/", StringComparison.Ordinal)
                && !path.StartsWith("src/Engine/CustomOps/", StringComparison.Ordinal));
        Assert.DoesNotContain(files, path => Regex.IsMatch(File.ReadAllText(Path.Combine(SourceTree.Root, path)), @"^[^""/]*\bunsafe\b(?! code)", RegexOptions.Multiline));
    }
}
