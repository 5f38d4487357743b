using FastEndpoints;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Metadata;

namespace Games.Api;

/// <summary>Refusals that come before an endpoint, in the form of a validator's.</summary>
internal static class BadRequests
{
    private const string GeneralErrors = "generalErrors";

    public static void AddBadRequests(this IHostApplicationBuilder builder) => builder.Services.AddExceptionHandler<BadRequestAnswer>();

    /// <summary>Routing refuses a wrong content type; it lets a request pass that has none.</summary>
    public static void RequireContentType(this WebApplication app) => app.Use((context, next) =>
    {
        if (!string.IsNullOrEmpty(context.Request.ContentType)
            || context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>() is not { } accepts
            || accepts.ContentTypes.Contains("*/*")
            || context.GetEndpoint()?.Metadata.GetMetadata<GameAnswers.OptionalBody>() is not null)
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
        return Task.CompletedTask;
    });

    private sealed class BadRequestAnswer : IExceptionHandler
    {
        public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken ct)
        {
            // Such as a body that is too large: Kestrel's refusals look like those of a validator.
            if (exception is not BadHttpRequestException refused)
                return false;

            await context.Response.SendErrorsAsync([new(GeneralErrors, refused.Message)], refused.StatusCode, cancellation: ct);
            return true;
        }
    }
}
