using FluentValidation.Results;
using Microsoft.AspNetCore.Http;

namespace FastEndpoints;

/// <summary>Any endpoint, whatever it takes and returns.</summary>
public interface IEndpoint
{
    HttpContext HttpContext { get; }

    List<ValidationFailure> ValidationFailures { get; }

    EndpointDefinition Definition { get; }
}
