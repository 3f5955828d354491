import bases from '../../../../resources/images/bases.json' with { type: 'json' }
import databases from '../../../../resources/images/databases.json' with { type: 'json' }
import samples from '../../../../resources/images/samples.json' with { type: 'json' }
import system from '../../../../resources/images/system.json' with { type: 'json' }
import tools from '../../../../resources/images/tools.json' with { type: 'json' }
import web from '../../../../resources/images/web.json' with { type: 'json' }
import { ImageCatalogue, type CatalogueData, type RepositoryDeclaration } from './catalogue.ts'

/** The images that come with the program, as their files say it. */
export const bundledImages: CatalogueData = {
  bases,
  repositories: [web, tools, system, databases, samples].flatMap((file) => file.repositories as unknown as readonly RepositoryDeclaration[]),
}

/** A catalogue of them. */
export function bundledCatalogue(): ImageCatalogue {
  return new ImageCatalogue(bundledImages)
}
