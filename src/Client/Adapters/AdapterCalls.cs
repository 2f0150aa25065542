using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.Client.Http;

namespace AdapterServe.Client.Adapters;

/// <summary>
/// The adapters of a server. A name is <c>name</c>, <c>shared/name</c> or, for operators, <c>tenant/name</c>. <b>Effects</b> and <b>Errors</b>: as <see cref="AdapterServeClient"/>.
/// </summary>
public sealed class AdapterCalls
{
    private const int PageItems = 200;
    private readonly RestConnection _rest;

    internal AdapterCalls(RestConnection rest) => _rest = rest;

    /// <summary>The current versions by name, page by page as they are read.</summary>
    public async IAsyncEnumerable<AdapterDescription> ListAsync(AdapterQuery? query = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var item in _rest.ListAsync($"v1/adapters?limit={PageItems}{query?.Parameters()}", "name", cancellation).ConfigureAwait(false))
        {
            yield return AdapterDescription.Of(item);
        }
    }

    public async Task<AdapterDescription> GetAsync(string name, CancellationToken cancellation = default) =>
        AdapterDescription.Of(await _rest.AskAsync(HttpMethod.Get, PathOf(name), null, cancellation).ConfigureAwait(false));

    /// <param name="name">The adapter.</param>
    /// <param name="version">A number, a digest or an alias.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<AdapterDescription> GetVersionAsync(string name, string version, CancellationToken cancellation = default) =>
        AdapterDescription.Of(await _rest.AskAsync(HttpMethod.Get, VersionPath(name, version), null, cancellation).ConfigureAwait(false));

    public async IAsyncEnumerable<AdapterDescription> ListVersionsAsync(string name, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var item in _rest.ListAsync($"{PathOf(name)}/versions?limit={PageItems}", "version", cancellation).ConfigureAwait(false))
        {
            yield return AdapterDescription.Of(item);
        }
    }

    /// <summary>
    /// Uploads a folder as it is, without hidden files and folders within, as one tar archive that is written while it is sent. What is there under the name is replaced.
    /// <b>Errors</b>: <see cref="IOException"/> for files that can't be read.
    /// </summary>
    /// <returns>The version, and whether it is new: false where the server had this content.</returns>
    public async Task<(AdapterDescription Adapter, bool IsNew)> PushAsync(string name, string folder, UploadOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string[] files = [.. FilesOf(folder)];
        if (files.Length == 0)
        {
            throw new IOException($"{folder} has no files.");
        }

        var lower = options?.Lower is { } asked ? "?lower=" + Uri.EscapeDataString(asked) : string.Empty;
        using var response = await _rest.SendAsync(HttpMethod.Put, PathOf(name) + lower, new TarContent(files, options?.Progress), cancellation, options?.IfMatch).ConfigureAwait(false);
        using var json = await Answers.ReadJsonAsync(response, 1 << 20, cancellation).ConfigureAwait(false);
        return (AdapterDescription.Of(json.RootElement.Clone()), response.StatusCode == System.Net.HttpStatusCode.Created);
    }

    /// <summary>The files that <see cref="PushAsync"/> sends of a folder.</summary>
    public static IEnumerable<string> FilesOf(string folder) =>
        Directory.EnumerateFiles(folder).Where(path => Path.GetFileName(path)[0] != '.').Order(StringComparer.Ordinal);

    /// <summary>Hides it; <see cref="RestoreAsync"/> brings it back for a while.</summary>
    /// <param name="name">The adapter.</param>
    /// <param name="version">One version of it alone; null: all of it.</param>
    /// <param name="ifMatch">The digest or revision that must be current; null for any.</param>
    /// <param name="cancellation">Ends it.</param>
    public Task<JsonElement> DeleteAsync(string name, string? version = null, string? ifMatch = null, CancellationToken cancellation = default) =>
        _rest.AskAsync(HttpMethod.Delete, version is null ? PathOf(name) : VersionPath(name, version), null, cancellation, ifMatch);

    /// <param name="name">The adapter, or <c>name@3</c> for one version.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<AdapterDescription> RestoreAsync(string name, CancellationToken cancellation = default) =>
        AdapterDescription.Of(await _rest.AskAsync(HttpMethod.Post, PathOf(name) + ":restore", null, cancellation).ConfigureAwait(false));

    /// <summary>Loads a version once more; the answer has the state that it is in then.</summary>
    public async Task<AdapterDescription> VerifyAsync(string name, CancellationToken cancellation = default) =>
        AdapterDescription.Of(await _rest.AskAsync(HttpMethod.Post, PathOf(name) + ":verify", null, cancellation).ConfigureAwait(false));

    /// <summary>Makes an alias mean one version, or two by weight.</summary>
    public Task<JsonElement> SetAliasAsync(string name, string alias, IReadOnlyList<AliasShare> means, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(means);
        var versions = new JsonArray([.. means.Select(share => (JsonNode)new JsonObject { ["version"] = share.Version, ["weight"] = share.Weight })]);
        return _rest.AskAsync(HttpMethod.Put, AliasPath(name, alias), RestConnection.Json(new JsonObject { ["versions"] = versions }), cancellation);
    }

    public Task<JsonElement> RemoveAliasAsync(string name, string alias, CancellationToken cancellation = default) => _rest.AskAsync(HttpMethod.Delete, AliasPath(name, alias), null, cancellation);

    /// <summary>What an adapter does to the base, site by site.</summary>
    /// <param name="name">May carry <c>@version</c>, <c>@alias</c> or <c>@digest</c>.</param>
    /// <param name="cancellation">Ends it.</param>
    public Task<JsonElement> InspectAsync(string name, CancellationToken cancellation = default) => _rest.AskAsync(HttpMethod.Get, PathOf(name) + "/inspect", null, cancellation);

    private static string PathOf(string name) => "v1/adapters/" + Uri.EscapeDataString(name);

    private static string VersionPath(string name, string version) => $"{PathOf(name)}/versions/{Uri.EscapeDataString(version)}";

    private static string AliasPath(string name, string alias) => $"{PathOf(name)}/aliases/{Uri.EscapeDataString(alias)}";
}
