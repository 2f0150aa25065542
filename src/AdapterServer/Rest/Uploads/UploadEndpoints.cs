using System.Globalization;
using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Adapters;
using AdapterServe.AdapterServer.Rest.Descriptions;
using AdapterServe.AdapterStore.Access;
using AdapterServe.AdapterStore.Uploads.Resumable;
using Microsoft.AspNetCore.Http.Features;

namespace AdapterServe.AdapterServer.Rest.Uploads;

/// <summary>
/// Resumable uploads: the protocol tus 1.0.0 (https://tus.io/protocols/resumable-upload) with its extensions creation, termination and expiration,
/// and what becomes of an upload as JSON.
/// HEAD is answered as GET is, see <see cref="HeadRequests"/>.
/// </summary>
internal static class UploadEndpoints
{
    private const string ContentType = "application/offset+octet-stream";

    public static void MapUploads(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/uploads").WithTags("uploads").Needs(AccessScopes.Upload);
        group.MapMethods("", [HttpMethods.Options], Options).WithName("DescribeUploads");
        group.MapPost("", CreateAsync).WithName("BeginUpload").TakesHeader(TusHeaders.Resumable, OtherSchemas.TusResumable)
            .TakesHeader(TusHeaders.Length, OtherSchemas.UploadLength).TakesHeader(TusHeaders.Metadata, OtherSchemas.UploadMetadata)
            .Produces<UploadStatus>(StatusCodes.Status201Created);
        group.MapGet("/{id}", GetAsync).WithName("GetUpload").Produces<UploadStatus>();
        group.MapPatch("/{id}", AppendAsync).WithName("ContinueUpload").TakesHeader(TusHeaders.Resumable, OtherSchemas.TusResumable)
            .TakesHeader(TusHeaders.Offset, OtherSchemas.UploadOffset).Takes(OtherSchemas.UploadBytes).Produces(StatusCodes.Status204NoContent);
        group.MapDelete("/{id}", Delete).WithName("EndUpload")
            .TakesHeader(TusHeaders.Resumable, OtherSchemas.TusResumable).Produces(StatusCodes.Status204NoContent);
        group.MapGet("/{id}:events", UploadEvents.GetAsync).WithName("FollowUpload");
    }

    private static void Options(HttpContext context, ServingModel model)
    {
        var headers = context.Response.Headers;
        headers[TusHeaders.Resumable] = headers["Tus-Version"] = TusHeaders.Version;
        headers["Tus-Extension"] = "creation,termination,expiration";
        headers["Tus-Max-Size"] = model.Store.Resumable.MaxBytes.ToString(CultureInfo.InvariantCulture);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static Task CreateAsync(HttpContext context, ServingModel model)
    {
        TusHeaders.RequireVersion(context);
        var length = TusHeaders.Number(context.Request, TusHeaders.Length);
        var metadata = UploadMetadata.Parse(context.Request.Headers[TusHeaders.Metadata].ToString());
        var place = AdapterPlace.Of(model.Principal, metadata.Name);
        if (context.Request.ContentLength is > 0)
        {
            throw new ApiException(413, ErrorCodes.RequestTooLarge, "The request that begins an upload has no body; PATCH sends the bytes.");
        }

        var wish = new UploadWish(place.Name, length) { Lower = metadata.Lower, Signature = metadata.Signature, Labels = metadata.Labels };
        var status = model.Store.Resumable.Begin(place.Caller(metadata.IfMatch), model.Principal.Tenant, wish);
        context.Response.Headers.Location = $"/v1/uploads/{status.Id}";
        TusHeaders.Write(context.Response, status);
        return JsonAnswer.WriteAsync(context, status, RestJson.Answers.UploadStatus, StatusCodes.Status201Created);
    }

    private static Task GetAsync(HttpContext context, ServingModel model, string id)
    {
        var status = model.Store.Resumable.Get(model.Principal.Tenant, id);
        TusHeaders.Write(context.Response, status);
        return JsonAnswer.WriteAsync(context, status, RestJson.Answers.UploadStatus);
    }

    private static async Task AppendAsync(HttpContext context, ServingModel model, string id)
    {
        TusHeaders.RequireVersion(context);
        if (context.Request.ContentType != ContentType)
        {
            throw new ApiException(415, ErrorCodes.UnsupportedContentType, $"The bytes of an upload come as {ContentType}.");
        }

        var offset = TusHeaders.Number(context.Request, TusHeaders.Offset);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            feature.MaxRequestBodySize = model.Store.Resumable.MaxBytes;
        }

        var (uploads, tenant) = (model.Store.Resumable, model.Principal.Tenant);
        var status = await uploads.AppendAsync(tenant, id, offset, context.Request.Body, context.RequestAborted).ConfigureAwait(false);
        TusHeaders.Write(context.Response, status);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static void Delete(HttpContext context, ServingModel model, string id)
    {
        TusHeaders.RequireVersion(context);
        model.Store.Resumable.Remove(model.Principal.Tenant, id);
        context.Response.Headers[TusHeaders.Resumable] = TusHeaders.Version;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
