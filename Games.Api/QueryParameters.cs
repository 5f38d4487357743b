using System.Text.Json;
using FastEndpoints;
using FluentValidation.Results;
using Microsoft.Extensions.Primitives;

namespace Games.Api;

/// <summary>
/// What an endpoint takes from the query. A parameter that is given twice, or as nothing, would quietly be another filter than was meant; and
/// PostgreSQL cannot hold the character U+0000. Both are refused here, so that no endpoint can forget it.
/// </summary>
internal sealed class QueryParameters(Type request)
{
    private readonly (string Name, Type Type)[] _parameters =
    [
        .. from property in request.GetProperties()
           where property.IsDefined(typeof(QueryParamAttribute), inherit: true)
           select (JsonNamingPolicy.CamelCase.ConvertName(property.Name), Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType),
    ];

    public static Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        var failures = context.GetEndpoint()?.Metadata.GetMetadata<QueryParameters>()?.FailuresIn(context.Request.Query) ?? [];

        return failures is [] ? next(context) : context.Response.SendErrorsAsync(failures, cancellation: context.RequestAborted);
    }

    private List<ValidationFailure> FailuresIn(IQueryCollection query)
    {
        var failures = new List<ValidationFailure>();
        foreach (var (name, type) in _parameters)
        {
            if (ReasonAgainst(query[name], type) is { } reason)
                failures.Add(new(name, reason));
        }

        return failures;
    }

    private static string? ReasonAgainst(StringValues given, Type type) => given.ToArray() switch
    {
        var several when type.IsArray => several.Select(one => ReasonAgainst(one, type.GetElementType()!)).FirstOrDefault(x => x is not null),
        [] => null,
        [var text] when text!.Contains('\0') => FieldRules.NotStorable,
        [""] when type != typeof(string) => UnreadableRequests.Expected(type),
        [_] => null,
        _ => "must be given once",
    };
}
